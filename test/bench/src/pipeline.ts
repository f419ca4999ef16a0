import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileStates, type FileState } from '@coldroom/domain';
import { identify, writeMarker } from '@coldroom/files';
import { createDatabase, startPostgres, startRedis, type LocalServer } from '@coldroom/local';
import { migrate, Register, type NewFile } from '@coldroom/register';
import { startService, type RunningService } from '@coldroom/runtime/process';
import type { SourceFile } from './cases';
import { orEnded, untilStarted } from './processes';
import type { BenchStore } from './stores';

const app = (name: string): string => join(__dirname, '..', '..', '..', 'apps', name, 'dist', 'main.js');

/** Servers of its own and real services, for the files below `<dir>/OMERO/ManagedRepository`. */
export class Pipeline {
  readonly running: RunningService[] = [];

  private constructor(
    readonly dir: string,
    readonly register: Register,
    readonly registerUrl: string,
    readonly redisUrl: string,
    private readonly servers: readonly LocalServer[],
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async open(dir: string, store: BenchStore): Promise<Pipeline> {
    const postgres = await startPostgres({ dir: join(dir, 'servers') });
    const redis = await startRedis({ dir: join(dir, 'servers') });
    const registerUrl = await createDatabase(postgres.url, 'register', { existing: 'drop' });
    await migrate(registerUrl);
    const env = {
      ...(await prepare(dir, store)),
      REGISTER_DATABASE_URL: registerUrl,
      REDIS_URL: redis.url,
      COLDROOM_HOLD: '7d',
      METRICS_PORT: '0',
      COLDROOM_SWEEP_EVERY: '500ms',
    };
    return new Pipeline(dir, new Register(registerUrl), registerUrl, redis.url, [postgres, redis], env);
  }

  async start(names: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<void> {
    const started = names.map((name) => startService({ name, main: app(name), env: { ...this.env, ...more } }));
    this.running.push(...started);
    await Promise.all(started.map(untilStarted));
  }

  /** Stops all services of this name, or all. */
  async stop(name?: string): Promise<void> {
    const stopping = this.running.filter((service) => name === undefined || service.name === name);
    await Promise.all(stopping.map((service) => service.stop(15_000)));
    this.running.splice(0, this.running.length, ...this.running.filter((service) => !stopping.includes(service)));
  }

  /** A command as an administrator gives it, still running. */
  command(...args: readonly string[]): RunningService {
    return startService({ name: args[0] ?? '', main: app('cli'), args, env: this.env });
  }

  /** A request with all of these files, not yet approved. */
  async request(sources: readonly SourceFile[]): Promise<bigint> {
    const people = { ownerId: 1n, owner: 'bench', groupId: 1n, group: 'bench', requesterId: 1n, requester: 'bench' };
    const files = drafts(join(this.dir, 'OMERO', 'ManagedRepository'), sources);
    return this.register.requests.create(people, { images: once([]), files }, 'bench');
  }

  /** From the approval to the last link. */
  async archive(requestId: bigint): Promise<void> {
    await this.register.requests.approve(requestId, 'bench');
    await this.register.requests.start(requestId, 'bench', (nr) => `bag-${nr}`, 'bench');
    for (;;) {
      const request = await this.register.requests.get(requestId);
      if (request?.state === 'Finished') return;
      if (request?.state === 'Error') return this.untilAll(requestId, ['linked']);
      await orEnded(this.running);
    }
  }

  /** Throws if a file is stuck, or a service ended. */
  async untilAll(requestId: bigint, wanted: readonly FileState[]): Promise<void> {
    const states = fileStates.filter((each) => !wanted.includes(each));
    for (;;) {
      const [other] = await this.register.reports.files({ requestId, states, limit: 1 });
      if (!other) return;
      if (other.state === 'stuck') throw new Error(`files are stuck: ${other.code}: ${other.reason}`);
      await orEnded(this.running);
    }
  }

  async close(): Promise<void> {
    await this.stop();
    await this.register.close();
    for (const server of this.servers) await server.stop();
  }
}

export async function writeStores(dir: string, store: Pick<BenchStore, 'settings'>): Promise<string> {
  const stores = join(dir, 'stores.json');
  await writeFile(stores, JSON.stringify({ default: 'bench', stores: { bench: store.settings } }));
  return stores;
}

async function prepare(dir: string, store: BenchStore): Promise<Readonly<Record<string, string>>> {
  const omero = join(dir, 'OMERO');
  const hold = join(omero, '.coldroom', 'hold');
  await mkdir(hold, { recursive: true });
  await writeMarker(join(omero, 'ManagedRepository'), 'ManagedRepository');
  await writeMarker(hold, 'hold');
  return { OMERO_DATA_DIR: omero, COLDROOM_STORES: await writeStores(dir, store) };
}

async function* drafts(root: string, sources: readonly SourceFile[]): AsyncGenerator<readonly NewFile[]> {
  for (let start = 0; start < sources.length; start += 1000) {
    yield await Promise.all(
      sources.slice(start, start + 1000).map(async ({ path, size, sha1 }, at) => {
        const take = await identify(join(root, path));
        if (!take) throw new Error(`${path} is gone`);
        return {
          fileset: `Fileset:${start + at + 1}`,
          root: 'ManagedRepository' as const,
          path: Buffer.from(path),
          display: path,
          size: BigInt(size),
          originalFileId: BigInt(start + at + 1),
          pixelsId: null,
          omeroHash: { algorithm: 'SHA1-160', value: sha1 },
          verdict: { take },
        };
      }),
    );
  }
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}
