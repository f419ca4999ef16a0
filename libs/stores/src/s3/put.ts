import { Transient, crashPoint, type Identity } from '@coldroom/domain';
import { EndOfBatch, bytesOf, displayPath, type WireOutcome, type WirePath } from '@coldroom/files';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchTools } from './batch';
import { S3Failure } from './failures';
import type { CopyKeys } from './keys';
import { listingOf } from './look';
import { SourceFile, sourceWord } from './source-file';
import { Uploads } from './upload';

const looks = 3;
const pauseMs = 300;

export interface PutTask {
  /** Of the bag's copies, and of the notes about unfinished uploads. */
  readonly dataPrefix: string;
  readonly uploadsPrefix: string;
  readonly sources: readonly ({
    readonly root: string;
    readonly path: WirePath;
    readonly identity: Identity;
  } & CopyKeys)[];
}

interface Order extends CopyKeys {
  readonly root: string;
  readonly path: Buffer;
  readonly identity: Identity;
}

/**
 * Copies files into an open bag, several at a time, and checks at the end by a listing that each is there in its full
 * size. What an earlier attempt left at a key is removed first, and each put refuses to replace: by `If-None-Match: *`,
 * and before that by the listing. At most `partsInParallel * partBytes` of content is in memory, or one part if that is
 * larger.
 */
export async function put(
  task: PutTask,
  tools: BatchTools,
): Promise<readonly WireOutcome<{ readonly size: bigint }>[]> {
  const { bucket, connection, budget, claim } = tools;
  const putter = new Putter(tools, task.uploadsPrefix, await listingOf(bucket, task.dataPrefix));
  const orders = task.sources.map(({ path, ...rest }) => ({ ...rest, path: bytesOf(path) }));
  const outcomes = await claim
    .outcomes(orders, connection.requestsInParallel, (order) => putter.put(order))
    .catch(async (error: unknown) => {
      if (error instanceof EndOfBatch && error.reason.code === 'STORE_FULL')
        await putter.makeRoom(task.dataPrefix).catch(() => undefined); // the next attempt replaces what stays; `error` says more
      throw error;
    })
    .finally(() => budget.forgetSpares());
  const found = await listingOf(bucket, task.dataPrefix);
  crashPoint('copy:4-synced');
  return outcomes.map((outcome, at) => {
    const { key, identity, path } = orders[at]!;
    const held = found.get(key)?.size;
    if ('failed' in outcome || held === identity.size) return outcome;
    return {
      failed: {
        kind: 'transient',
        code: 'COPY_CUT_SHORT',
        message: `The store took "${displayPath(path)}" but holds ${held ?? 'none'} of its ${identity.size} bytes.`,
        details: {},
      },
    };
  });
}

class Putter {
  private readonly made: string[] = [];
  private readonly uploads: Uploads;

  constructor(
    private readonly tools: BatchTools,
    private readonly uploadsPrefix: string,
    private readonly leftovers: ReadonlyMap<string, unknown>,
  ) {
    this.uploads = new Uploads(tools.bucket, tools.claim, tools.budget, tools.connection);
  }

  async put(order: Order): Promise<{ readonly size: bigint }> {
    const { root, path, key, earlierKey, identity } = order;
    const file = SourceFile.open(this.tools.trees, root, path, identity);
    try {
      for (const left of [key, earlierKey])
        if (left !== undefined && this.leftovers.has(left)) {
          this.tools.claim.check();
          await this.tools.bucket.remove(left);
        }
      this.made.push(key);
      const source = sourceWord(identity);
      await this.landing(order, () =>
        identity.size <= this.tools.connection.partBytes
          ? this.whole(file, order, source)
          : this.uploads.put({
              key,
              recordKey: `${this.uploadsPrefix}${createHash('sha256').update(key).digest('hex')}`,
              file,
              size: countable(identity.size),
              source,
            }),
      );
      crashPoint('copy:3-written');
      return { size: identity.size };
    } finally {
      file.close();
    }
  }

  /**
   * Removes what this call has put, so that smaller files find room. A server that is busy may refuse a removal, and may
   * carry out a put after its answer was given up; so it is looked at again, as often as `looks` says.
   */
  async makeRoom(dataPrefix: string): Promise<void> {
    let left: readonly string[] = this.made;
    for (let look = 0; left.length > 0 && look < looks; look += 1) {
      if (look > 0) await sleep(pauseMs);
      for (const key of left) {
        this.tools.claim.checkStillHeld();
        await this.tools.bucket.remove(key).catch(() => undefined); // the next look shows it
      }
      const found = await listingOf(this.tools.bucket, dataPrefix).catch(() => undefined);
      left = found ? this.made.filter((key) => found.has(key)) : this.made;
    }
  }

  private async whole(file: SourceFile, { key, identity }: Order, source: string): Promise<void> {
    const size = Number(identity.size);
    await this.tools.budget.with(size, async () => {
      this.tools.claim.check();
      const content = Buffer.allocUnsafeSlow(size);
      const sha256 = await file.read(0, content);
      file.checkUnchanged();
      this.tools.claim.check();
      await this.tools.bucket.putNew(key, content, this.tools.bucket.headersOf(source), sha256);
      this.tools.claim.done(size);
    });
  }

  /**
   * If the answer was lost, or the key exists, our own put may have arrived: then the object has the name of our
   * source.
   */
  private async landing({ key, path, identity }: Order, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const taken = error instanceof S3Failure && error.status === 412;
      const lost = error instanceof EndOfBatch && error.reason.code === 'STORE_UNAVAILABLE';
      if (!taken && !lost) throw error;
      const head = await this.tools.bucket.head(key).catch(() => undefined); // `error` says more
      if (head?.source === sourceWord(identity) && head.size === identity.size) return;
      if (!taken) throw error;
      throw new Transient(
        'COPY_IN_THE_WAY',
        `Something was put meanwhile at the place of the copy of "${displayPath(path)}"; the next try removes it.`,
      );
    }
  }
}

function countable(size: bigint): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new RangeError(`a file of ${size} bytes is beyond what can be counted exactly`);
  return Number(size);
}
