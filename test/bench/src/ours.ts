import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { fileStates, type FileState } from '@coldroom/domain';
import { identify, writeMarker } from '@coldroom/files';
import { createDatabase, startPostgres, startRedis } from '@coldroom/local';
import { startService, type RunningService } from '@coldroom/runtime/process';
import { migrate, Register, type NewFile } from '@coldroom/register';
import type { SourceFile } from './cases';
import { costsOfServers, type ServerCosts } from './server-costs';
import { forgetAll, forgetEverything, seconds } from './peers';
import type { BenchStore } from './stores';

const services = ['checksum', 'transfer', 'ingest-watcher', 'linker'] as const;

export interface Ours {
  readonly seconds: number;
  /** From the request of the restore until the last original is back in its place. */
  readonly restoreSeconds?: number;
  /** What each service used for the archiving: peak memory, in bytes, and processor time. */
  readonly services: readonly { readonly name: string; readonly peakBytes: number; readonly cpuSeconds: number }[];
  readonly servers: ServerCosts;
}

/**
 * Archives the files below `<dir>/OMERO/ManagedRepository`, from the approval to the last link, with services as in
 * daily use; then restores all of them.
 */
export async function timeOurs(
  dir: string,
  sources: readonly SourceFile[],
  store: BenchStore,
  { restore, hosts = 1 }: { readonly restore: boolean; readonly hosts?: number },
): Promise<Ours> {
  const postgres = await startPostgres({ dir: join(dir, 'servers') });
  const redis = await startRedis({ dir: join(dir, 'servers') });
  const registerUrl = await createDatabase(postgres.url, 'register', { existing: 'drop' });
  await migrate(registerUrl);
  const register = new Register(registerUrl);
  const env = await prepare(dir, store, registerUrl, redis.url);
  const running: RunningService[] = [];
  const start = async (names: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<void> => {
    const started = names.map((name) =>
      startService({
        name,
        main: join(__dirname, '..', '..', '..', 'apps', name, 'dist', 'main.js'),
        env: { ...env, ...more },
      }),
    );
    running.push(...started);
    await Promise.all(started.map(untilStarted));
  };
  try {
    await start([...services, ...Array.from({ length: hosts - 1 }, () => ['checksum', 'transfer']).flat()]);
    const requestId = await register.requests.create(
      { ownerId: 1n, owner: 'bench', groupId: 1n, group: 'bench', requesterId: 1n, requester: 'bench' },
      { images: once([]), files: drafts(join(dir, 'OMERO', 'ManagedRepository'), sources) },
      'bench',
    );
    await forgetAll(join(dir, 'OMERO'));
    const cpuBefore = running.map((service) => cpuSeconds(service.pid));
    const { result: archived, servers } = await costsOfServers(registerUrl, redis.url, () =>
      seconds(async () => {
        await register.requests.approve(requestId, 'bench');
        await register.requests.start(requestId, 'bench', (nr) => `bag-${nr}`, 'bench');
        await untilFinished(register, requestId, running);
      }),
    );
    const used = running.map(({ name, pid }, at) => ({
      name,
      peakBytes: peakMemory(pid),
      cpuSeconds: cpuSeconds(pid) - (cpuBefore[at] ?? 0),
    }));
    if (!restore) return { seconds: archived, services: used, servers };
    const linker = running.splice(
      running.findIndex(({ name }) => name === 'linker'),
      1,
    );
    for (const service of linker) await service.stop(15_000);
    await releaseNow(registerUrl);
    await start(['linker'], { COLDROOM_HOLD: '0' });
    await untilAll(register, requestId, 'released', running);
    await forgetEverything();
    const back = await seconds(async () => {
      await register.retrievals.ask({ kind: 'Request', ids: [requestId] }, { way: 'restore', days: 0 }, 'bench');
      await untilAll(register, requestId, 'restored', running);
    });
    return { seconds: archived, services: used, servers, restoreSeconds: back };
  } finally {
    for (const service of running) await service.stop(15_000);
    await register.close();
    await postgres.stop();
    await redis.stop();
  }
}

/** Originals that are held for days may be freed at once. */
async function releaseNow(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`UPDATE bag SET not_before = now()`);
  await client.end();
}

async function untilAll(
  register: Register,
  requestId: bigint,
  state: FileState,
  running: readonly RunningService[],
): Promise<void> {
  for (;;) {
    const others = await register.reports.files({ requestId, states: otherThan(state), limit: 1 });
    if (others.length === 0) return;
    if (others[0]?.state === 'stuck') throw new Error(`files are stuck: ${others[0].code}: ${others[0].reason}`);
    await orEnded(running);
  }
}

const otherThan = (state: FileState): readonly FileState[] => fileStates.filter((each) => each !== state);

async function prepare(
  dir: string,
  store: BenchStore,
  registerUrl: string,
  redisUrl: string,
): Promise<Readonly<Record<string, string>>> {
  const omero = join(dir, 'OMERO');
  const hold = join(omero, '.coldroom', 'hold');
  await mkdir(hold, { recursive: true });
  await writeMarker(join(omero, 'ManagedRepository'), 'ManagedRepository');
  await writeMarker(hold, 'hold');
  const stores = join(dir, 'stores.json');
  await writeFile(stores, JSON.stringify({ default: 'bench', stores: { bench: store.settings } }));
  return {
    OMERO_DATA_DIR: omero,
    REGISTER_DATABASE_URL: registerUrl,
    REDIS_URL: redisUrl,
    COLDROOM_STORES: stores,
    COLDROOM_HOLD: '7d',
    METRICS_PORT: '0',
    COLDROOM_SWEEP_EVERY: '500ms',
  };
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

async function untilFinished(register: Register, requestId: bigint, running: readonly RunningService[]): Promise<void> {
  for (;;) {
    const request = await register.requests.get(requestId);
    if (request?.state === 'Finished') return;
    if (request?.state === 'Error')
      throw new Error(
        `files are stuck: ${JSON.stringify((await register.reports.files({ requestId, states: ['stuck'], limit: 1 }))[0]?.reason)}`,
      );
    await orEnded(running);
  }
}

/** Waits a moment; throws if a service ended by itself. */
async function orEnded(running: readonly RunningService[]): Promise<void> {
  const ended = await Promise.race([
    ...running.map(async (service) => {
      await service.exited;
      return service;
    }),
    sleep(100),
  ]);
  if (ended) throw new Error(`${ended.name} ended:\n${ended.lines.slice(-5).join('\n')}`);
}

async function untilStarted(service: RunningService): Promise<void> {
  while (!service.lines.some((line) => line.includes('"event":"started"'))) {
    if (await Promise.race([service.exited, sleep(50)]))
      throw new Error(`${service.name} did not start:\n${service.lines.slice(-5).join('\n')}`);
  }
}

export function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

/** User and system time of a process; the kernel counts ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}
