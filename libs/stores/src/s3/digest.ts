import { NotYet, Refused, Transient, step, type CopyDigest, type DigestAlgorithm } from '@coldroom/domain';
import { RunningDigests, bytesOf, displayPath, type WireOutcome, type WirePath } from '@coldroom/files';
import type { IncomingMessage } from 'node:http';
import type { BatchClaim } from './batch';
import type { Bucket, ObjectHead } from './bucket';
import type { Connection } from './connection';
import { S3Failure } from './failures';

export interface DigestTask {
  readonly copies: readonly { readonly path: WirePath; readonly key: string }[];
  readonly algorithms: readonly DigestAlgorithm[];
  /** Take the server's own SHA-256 of the whole object where it has one. */
  readonly attested: boolean;
}

/** Reads copies back and hashes them, several at a time; memory is that of the connections. */
export async function digest({ copies, algorithms, attested }: DigestTask, bucket: Bucket, { requestsInParallel }: Connection, claim: BatchClaim): Promise<readonly WireOutcome<CopyDigest>[]> {
  const items = copies.map(({ path, key }) => ({ key, path: bytesOf(path) }));
  return claim.outcomes(items, requestsInParallel, async ({ key, path }) => {
    const head = await headOf(bucket, key, path);
    const { size, version, sha256 } = head;
    if (attested && sha256 !== undefined && algorithms.every((each) => each === 'SHA-256')) {
      claim.done(Number(size));
      return { digests: { 'SHA-256': sha256 }, size, version, read: 'attested' as const };
    }
    const running = new RunningDigests(algorithms);
    await readThrough(bucket, { key, path, head }, (piece) => {
      claim.check(); // reading harms nobody, but work for a lost claim is work for nothing
      running.update(piece);
      claim.done(piece.length);
    });
    step('verify:1-read');
    return { digests: running.digests(), size, version, read: 'remote' as const };
  });
}

/** `Refused` `COPY_MISSING` where there is none. */
export async function headOf(bucket: Bucket, key: string, path: Buffer): Promise<ObjectHead> {
  const head = await bucket.head(key);
  if (!head) throw new Refused('COPY_MISSING', `The store has no copy of "${displayPath(path)}".`, { path: displayPath(path) });
  return head;
}

/** Hands over the content of the very object that `head` tells of. An answer that ends early is `Transient` `COPY_CUT_SHORT`. */
export async function readThrough(bucket: Bucket, { key, path, head }: { readonly key: string; readonly path: Buffer; readonly head: ObjectHead },
  take: (piece: Buffer, position: number) => void): Promise<void> {
  const response = await answer(bucket, key, path, head.etag);
  let position = 0;
  for await (const piece of bucket.client.pieces(response)) {
    take(piece, position);
    position += piece.length;
  }
  if (BigInt(position) !== head.size) {
    throw new Transient('COPY_CUT_SHORT', `The store gave ${position} of the ${head.size} bytes of the copy of "${displayPath(path)}".`, { path: displayPath(path) });
  }
}

async function answer(bucket: Bucket, key: string, path: Buffer, etag: string): Promise<IncomingMessage> {
  const shown = displayPath(path);
  try {
    return await bucket.get(key, etag);
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    if (error.status === 404) throw new Refused('COPY_MISSING', `The store has no copy of "${shown}".`, { path: shown });
    if (error.status === 412) throw new Refused('COPY_CHANGED', `In the store, the copy of "${shown}" was replaced while it was read.`, { path: shown });
    if (error.code === 'InvalidObjectState') throw new NotYet('COPY_NOT_NEAR', `The copy of "${shown}" is archived and cannot be read before the store has brought it near.`, { path: shown });
    throw error;
  }
}
