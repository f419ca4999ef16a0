import { Refused, codeOf, crashPoint } from '@coldroom/domain';
import {
  EndOfBatch,
  MadeFiles,
  bytesOf,
  displayPath,
  storeFailed,
  writeWhole,
  type MadeFile,
  type WireOutcome,
  type WirePath,
} from '@coldroom/files';
import type { BatchClaim, BatchTools } from './batch';
import type { Bucket } from './bucket';
import { begin, missing, readThrough, type Opened } from './digest';
import type { CopyKeys } from './keys';

const largeBytes = 8n * 1024n * 1024n;
const syncedTogether = 128;

export interface FetchTask {
  readonly root: string;
  readonly orders: readonly ({
    readonly path: WirePath;
    readonly size: bigint;
    readonly target: WirePath;
  } & CopyKeys)[];
}

interface Order extends CopyKeys {
  readonly path: Buffer;
  readonly size: bigint;
  readonly target: Buffer;
}

/**
 * Writes copies into new files below one root, several at a time, all synced when it returns; errors of the target name
 * its root.
 */
export async function fetch(
  task: FetchTask,
  { bucket, connection, claim, trees }: BatchTools,
): Promise<readonly WireOutcome<{ readonly size: bigint }>[]> {
  const tree = trees.at(task.root);
  const made = new MadeFiles(tree, claim);
  const fetcher = new Fetcher(bucket, claim, made, task.root);
  const orders = task.orders.map(({ path, target, ...rest }) => ({
    ...rest,
    path: bytesOf(path),
    target: bytesOf(target),
  }));
  try {
    const outcomes = await claim.outcomes(orders, connection.requestsInParallel, (order) => fetcher.fetch(order));
    await made.sync();
    crashPoint('copy:4-synced');
    return outcomes;
  } catch (error) {
    made.removeAll();
    throw error;
  } finally {
    made.close();
  }
}

class Fetcher {
  private readonly written: MadeFile[] = [];
  private readonly beforeChange = (): void => this.claim.check();

  constructor(
    private readonly bucket: Bucket,
    private readonly claim: BatchClaim,
    private readonly made: MadeFiles,
    private readonly root: string,
  ) {}

  async fetch(order: Order): Promise<{ readonly size: bigint }> {
    const { path, size } = order;
    const { key, opened } = await this.begin(order);
    const file = await this.room({ ...order, key }, opened).catch((error: unknown) => {
      opened.body.destroy();
      throw error;
    });
    try {
      await readThrough(this.bucket, opened, { path, size }, (piece, position) => {
        this.onTarget(() => writeWhole(file.fd, piece, position, this.beforeChange));
        this.claim.done(piece.length);
        if (position === 0) crashPoint('copy:2-partly-written');
      });
    } catch (error) {
      if (!(error instanceof EndOfBatch)) this.onTarget(() => this.made.remove(file));
      throw error;
    }
    crashPoint('copy:3-written');
    await this.sync(file, size);
    return { size };
  }

  /** Under the key of an earlier bag where there is no other. */
  private async begin({
    key,
    earlierKey,
    path,
    size,
  }: Order): Promise<{ readonly key: string; readonly opened: Opened }> {
    try {
      return { key, opened: await begin(this.bucket, { key, path, size }) };
    } catch (error) {
      if (earlierKey === undefined || codeOf(error) !== 'COPY_MISSING') throw error;
      return { key: earlierKey, opened: await begin(this.bucket, { key: earlierKey, path, size }) };
    }
  }

  /**
   * If the answer has another size than the copy should have, the object is inspected: the answer alone may have been
   * truncated.
   */
  private async room({ key, path, size, target }: Order, { head }: Opened): Promise<MadeFile> {
    if (head.size !== size) {
      const held = await this.bucket.head(key);
      if (!held) throw missing(path);
      if (held.size !== size)
        throw new Refused('COPY_SIZE', `The copy of "${displayPath(path)}" has ${held.size} bytes, not ${size}.`);
    }
    return this.onTarget(() => this.made.create(target));
  }

  /** Large files one by one, small ones together: the last of them at the end. */
  private async sync(file: MadeFile, size: bigint): Promise<void> {
    this.written.push(file);
    if (size > largeBytes || this.written.length >= syncedTogether) await this.made.syncFiles(this.written.splice(0));
  }

  private onTarget<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      const ofAll = error instanceof EndOfBatch ? null : storeFailed(error, this.root);
      throw ofAll ? new EndOfBatch(ofAll) : error;
    }
  }
}
