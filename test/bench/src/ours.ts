import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, writeMarker } from '@coldroom/files';
import { createDatabase, startPostgres, startRedis, startService, type RunningService } from '@coldroom/local';
import { migrate, Register, type NewFile } from '@coldroom/register';
import type { SourceFile } from './cases';
import { forgetAll } from './peers';

const services = ['checksum', 'transfer', 'ingest-watcher', 'linker'] as const;

export interface Ours {
  readonly seconds: number;
  /** What each service took: the most memory it held, in bytes, and processor time. */
  readonly services: readonly { readonly name: string; readonly peakBytes: number; readonly cpuSeconds: number }[];
}

/** Archives the files below `<dir>/OMERO/ManagedRepository`, from the approval to the last link, with services as in daily use. */
export async function timeOurs(dir: string, sources: readonly SourceFile[]): Promise<Ours> {
  const postgres = await startPostgres({ dir: join(dir, 'servers') });
  const redis = await startRedis({ dir: join(dir, 'servers') });
  const registerUrl = await createDatabase(postgres.url, 'register', { existing: 'drop' });
  await migrate(registerUrl);
  const register = new Register(registerUrl);
  const env = await prepare(dir, registerUrl, redis.url);
  const running = services.map((name) => startService({ name, main: join(__dirname, '..', '..', '..', 'apps', name, 'dist', 'main.js'), env }));
  try {
    await Promise.all(running.map(started));
    const requestId = await register.requests.create(
      { ownerId: 1n, owner: 'bench', groupId: 1n, group: 'bench', requesterId: 1n, requester: 'bench' },
      { images: once([]), files: drafts(join(dir, 'OMERO', 'ManagedRepository'), sources) }, 'bench');
    await forgetAll(join(dir, 'OMERO'));
    const cpuBefore = running.map((service) => cpuSeconds(service.pid));
    const start = process.hrtime.bigint();
    await register.requests.approve(requestId, 'bench');
    await register.requests.start(requestId, 'bench', (nr) => `bag-${nr}`, 'bench');
    await untilFinished(register, requestId, running);
    return {
      seconds: Number(process.hrtime.bigint() - start) / 1e9,
      services: running.map(({ name, pid }, at) => ({ name, peakBytes: peakMemory(pid), cpuSeconds: cpuSeconds(pid) - (cpuBefore[at] ?? 0) })),
    };
  } finally {
    for (const service of running) await service.stop(15_000);
    await register.close();
    await postgres.stop();
    await redis.stop();
  }
}

async function prepare(dir: string, registerUrl: string, redisUrl: string): Promise<Readonly<Record<string, string>>> {
  const omero = join(dir, 'OMERO');
  const hold = join(omero, '.coldroom', 'hold');
  await mkdir(hold, { recursive: true });
  await mkdir(join(dir, 'store'), { recursive: true });
  await writeMarker(join(omero, 'ManagedRepository'), 'ManagedRepository');
  await writeMarker(hold, 'hold');
  await writeMarker(join(dir, 'store'), 'bench');
  const stores = join(dir, 'stores.json');
  await writeFile(stores, JSON.stringify({ default: 'bench', stores: { bench: { kind: 'file', directory: join(dir, 'store'), sameFileSystem: true } } }));
  return {
    OMERO_DATA_DIR: omero, REGISTER_DATABASE_URL: registerUrl, REDIS_URL: redisUrl, COLDROOM_STORES: stores, COLDROOM_HOLD: '7d', METRICS_PORT: '0',
    COLDROOM_SWEEP_EVERY: '500ms',
  };
}

async function* drafts(root: string, sources: readonly SourceFile[]): AsyncGenerator<readonly NewFile[]> {
  for (let start = 0; start < sources.length; start += 1000) {
    yield await Promise.all(sources.slice(start, start + 1000).map(async ({ path, size, sha1 }, at) => {
      const take = await identify(join(root, path));
      if (!take) throw new Error(`${path} is gone`);
      return {
        fileset: `Fileset:${start + at + 1}`, root: 'ManagedRepository' as const, path: Buffer.from(path), display: path, size: BigInt(size),
        originalFileId: BigInt(start + at + 1), pixelsId: null, omeroHash: { algorithm: 'SHA1-160', value: sha1 }, verdict: { take },
      };
    }));
  }
}

async function untilFinished(register: Register, requestId: bigint, running: readonly RunningService[]): Promise<void> {
  for (;;) {
    const request = await register.requests.get(requestId);
    if (request?.state === 'Finished') return;
    if (request?.state === 'Error') throw new Error(`files are stuck: ${JSON.stringify((await register.overview.files({ requestId, states: ['stuck'], limit: 1 }))[0]?.reason)}`);
    const ended = await Promise.race([...running.map(async (service) => { await service.exited; return service; }), sleep(100)]);
    if (ended) throw new Error(`${ended.name} ended:\n${ended.lines.slice(-5).join('\n')}`);
  }
}

async function started(service: RunningService): Promise<void> {
  while (!service.lines.some((line) => line.includes('"event":"started"'))) {
    if (await Promise.race([service.exited, sleep(50)])) throw new Error(`${service.name} did not start:\n${service.lines.slice(-5).join('\n')}`);
  }
}

function peakMemory(pid: number): number {
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
