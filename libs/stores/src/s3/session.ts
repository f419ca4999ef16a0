import { EndOfBatch, Threads } from '@coldroom/files';
import type { S3StoreSettings } from '../store-settings';
import type { StoreSurroundings } from '../surroundings';
import { Bucket } from './bucket';
import { connectionOf, type Connection } from './connection';
import { S3Failure, objectFailed } from './failures';
import type { S3Task, S3ThreadData } from './worker';

interface Open {
  readonly bucket: Bucket;
  /** Made at the first use: callers that only inspect copies need none. */
  readonly threads: () => Threads<S3Task>;
  readonly close: () => Promise<void>;
}

/**
 * The bucket and the threads of a store: opened at the first use, and opened again if an earlier use could not open
 * them.
 */
export class Session {
  private opened: Promise<Open> | undefined;

  constructor(
    private readonly store: string,
    private readonly settings: S3StoreSettings,
    private readonly surroundings: StoreSurroundings,
  ) {}

  /** Reports failed requests with the pipeline's errors. */
  async use<T>(act: (open: Open) => Promise<T>): Promise<T> {
    try {
      return await act(await this.open());
    } catch (error) {
      if (error instanceof EndOfBatch) throw error.reason;
      throw error instanceof S3Failure ? objectFailed(error, this.store) : error;
    }
  }

  async close(): Promise<void> {
    const opened = this.opened;
    this.opened = undefined;
    const open = await opened?.catch(() => undefined); // what never opened needs no closing
    await open?.close();
  }

  private async open(): Promise<Open> {
    this.opened ??= connectionOf(this.store, this.settings, this.surroundings.secrets).then((connection) =>
      this.openWith(connection),
    );
    try {
      return await this.opened;
    } catch (error) {
      this.opened = undefined; // the next attempt reads the keys again
      throw error;
    }
  }

  private openWith(connection: Connection): Open {
    const bucket = new Bucket(connection);
    const data: S3ThreadData = { connection, crashPoints: this.surroundings.crashPoints ?? {} };
    let threads: Threads<S3Task> | undefined;
    return {
      bucket,
      threads: () => (threads ??= new Threads(__dirname, { threads: this.settings.threads, data })),
      close: async () => {
        bucket.client.close();
        await threads?.close();
      },
    };
  }
}
