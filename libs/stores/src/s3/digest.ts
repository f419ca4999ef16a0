import { NotYet, Refused, Transient, crashPoint, type CopyDigest, type DigestAlgorithm } from '@coldroom/domain';
import { RunningDigests, bytesOf, displayPath, type WireOutcome, type WirePath } from '@coldroom/files';
import type { IncomingMessage } from 'node:http';
import type { BatchTools } from './batch';
import type { Bucket } from './bucket';
import { S3Failure } from './failures';
import { keyIn, type CopyKeys } from './keys';
import { listingOf } from './look';
import type { ObjectHead } from './object-head';

export interface DigestTask {
  /** Of the bag's copies. */
  readonly dataPrefix: string;
  readonly copies: readonly ({ readonly path: WirePath } & CopyKeys)[];
  readonly algorithms: readonly DigestAlgorithm[];
  /** Use the server's own SHA-256 of the whole object if it has one. */
  readonly attested: boolean;
}

/**
 * Reads copies back and hashes them, several at a time; memory is that of the connections. What is read must be as long
 * as a listing reports: an answer that is complete in itself may still be short.
 */
export async function digest(
  task: DigestTask,
  { bucket, connection, claim }: BatchTools,
): Promise<readonly WireOutcome<CopyDigest>[]> {
  const { algorithms } = task;
  const attested = task.attested && algorithms.every((each) => each === 'SHA-256');
  const listed = await listingOf(bucket, task.dataPrefix);
  const items = task.copies.map((copy) => ({ key: keyIn(listed, copy), path: bytesOf(copy.path) }));
  return claim.outcomes(items, connection.requestsInParallel, async ({ key, path }) => {
    const own = attested ? await bucket.head(key) : undefined;
    if (own?.sha256 !== undefined) {
      claim.done(Number(own.size));
      return { digests: { 'SHA-256': own.sha256 }, size: own.size, version: own.version, read: 'attested' as const };
    }
    const there = listed.get(key) ?? (await bucket.head(key));
    if (!there) throw missing(path);
    const running = new RunningDigests(algorithms);
    const order = { key, path, size: there.size };
    const opened = await begin(bucket, order);
    await readThrough(bucket, opened, order, (piece) => {
      claim.check(); // reading does no harm, but work for a lost claim is wasted
      running.update(piece);
      claim.done(piece.length);
    });
    crashPoint('verify:1-read');
    return { digests: running.digests(), size: there.size, version: opened.head.version, read: 'remote' as const };
  });
}

/** A copy whose answer has begun. */
export interface Opened {
  readonly head: ObjectHead;
  readonly body: IncomingMessage;
}

/**
 * Begins to read a copy; `size` is its expected size. `Refused` `COPY_MISSING` if there is none, `NotYet`
 * `COPY_OFFLINE` if it is archived.
 */
export async function begin(
  bucket: Bucket,
  { key, path, size }: { readonly key: string; readonly path: Buffer; readonly size: bigint },
): Promise<Opened> {
  try {
    return await bucket.get(key, size);
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    if (error.status === 404) throw missing(path);
    const shown = displayPath(path);
    if (error.code === 'InvalidObjectState')
      throw new NotYet(
        'COPY_OFFLINE',
        `The copy of "${shown}" is archived and cannot be read before the store has brought it online.`,
        { path: shown },
      );
    throw error;
  }
}

/** Passes on the content of a copy, all of `size`, or fails with `Transient` `COPY_CUT_SHORT`. */
export async function readThrough(
  bucket: Bucket,
  { head, body }: Opened,
  { path, size }: { readonly path: Buffer; readonly size: bigint },
  take: (piece: Buffer, position: number) => void,
): Promise<void> {
  if (head.size !== size) {
    body.destroy();
    throw cutShort(path, head.size, size);
  }
  let position = 0;
  for await (const piece of bucket.client.pieces(body)) {
    take(piece, position);
    position += piece.length;
  }
  if (BigInt(position) !== size) throw cutShort(path, position, size);
}

export function missing(path: Buffer): Refused {
  return new Refused('COPY_MISSING', `The store has no copy of "${displayPath(path)}".`, { path: displayPath(path) });
}

function cutShort(path: Buffer, given: number | bigint, size: bigint): Transient {
  return new Transient(
    'COPY_CUT_SHORT',
    `The store gave ${given} of the ${size} bytes of the copy of "${displayPath(path)}".`,
    { path: displayPath(path) },
  );
}
