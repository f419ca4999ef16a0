import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { NotYet, workStates, type FileEvent, type FileState, type WorkState } from '@coldroom/domain';
import { removeServerData, startRedis, type LocalServer } from '@coldroom/local';
import { Queues } from './queues';
import type { Stage } from './stage';
import { stageOf } from './stages';
import { deliveryApp, RecordedLog, Workbench } from './testing';
import { Workers } from './workers';

/** Each test has its own Redis, because it is emptied or restarted. */
const dir = mkdtempSync(join(tmpdir(), 'emptied-redis-'));
const log = new RecordedLog();
const open: (() => Promise<void>)[] = [];
let bench: Workbench;
let redis: LocalServer;

beforeAll(async () => {
  bench = await Workbench.create('emptied_redis');
  redis = await startRedis({ dir });
  await oneBagInEachWorkState();
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(async () => {
  await bench.close();
  await redis.stop();
  removeServerData(dir);
});

/** Creates a bag of one file that is archived and released. */
async function released(name: string): Promise<bigint> {
  const request = await bench.request({ [`Fileset:${name}`]: [{ path: `${name}/a`, content: name }] });
  await bench.bring('sealed');
  await bench.sayLinked();
  return request;
}

/** Makes the register record that a stage did its work on all due bags in a state. */
async function pretend(takes: WorkState, event: FileEvent, to: FileState): Promise<void> {
  const run: Stage['run'] = async ({ files }) => ({
    transitions: files.map(({ id }) => ({ id, event, from: takes, to })),
  });
  await bench.run({ name: stageOf[takes], takes, run });
}

/** The workbench advances every bag that is due, so the bags that go furthest are created first. */
async function oneBagInEachWorkState(): Promise<void> {
  for (const state of ['moveSealed', 'moveVerified', 'moveCopied', 'moving'] as const)
    await bench.move(await released(state), state);
  await bench.ask(await released('recalled'), 'recall');
  await bench.bring('fetchVerified', (await bench.recallable()).store);
  await pretend('fetchVerified', 'place', 'recalled');
  for (const state of ['fetchVerified', 'fetched', 'online'] as const) {
    await bench.ask(await released(state));
    await bench.bring(state);
  }
  await bench.ask(await released('retrieving'));
  await bench.request({ 'Fileset:linked': [{ path: 'linked/a', content: 'linked' }] });
  await bench.bring('sealed');
  await pretend('sealed', 'link', 'linked');
  const undone = await bench.request({ 'Fileset:undoing': [{ path: 'undoing/a', content: 'undoing' }] });
  await bench.bring('sealed');
  await bench.register.operator.undo({ kind: 'Request', ids: [undone] }, 'a tester');
  for (const state of ['sealed', 'verified', 'copied', 'hashed'] as const) {
    await bench.request({ [`Fileset:${state}`]: [{ path: `${state}/a`, content: state }] });
    await bench.bring(state);
  }
  await bench.request({ 'Fileset:approved': [{ path: 'approved/a', content: 'approved' }] });
}

interface AllServices {
  readonly workers: Workers;
  readonly queues: Queues;
  readonly given: Set<string>;
  readonly end: () => Promise<void>;
}

/** All stages of all services. They record what they receive and leave it unchanged. */
async function allServices(): Promise<AllServices> {
  const given = new Set<string>();
  const stages = workStates.map((takes): Stage => {
    const run: Stage['run'] = async (claim) => {
      given.add(`${takes} bag ${claim.bagId}`);
      throw new NotYet('NOT_NOW', 'the test leaves the bag as it is', { delayMs: 1 });
    };
    return { name: stageOf[takes], takes, run };
  });
  const app = await deliveryApp(
    { stages, register: bench.register, log },
    {
      url: redis.url,
      prefix: 'coldroom',
      concurrency: 1,
      sweepMs: 100,
      runner: {
        worker: 'w',
        leaseMs: 10_000,
        attempts: 3,
        retryPauseMs: 1,
        waitLimitMs: 60_000,
        errorLimit: 1000,
      },
    },
  );
  let ended = false;
  const end = async (): Promise<void> => {
    if (!ended) await app.close();
    ended = true;
  };
  open.push(end);
  const strict = { strict: false };
  return { workers: app.get(Workers, strict), queues: app.get(Queues, strict), given, end };
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) if (await holds()) return;
  throw new Error(`waited too long: ${what}`);
}

const waiting = async (queues: Queues): Promise<number> =>
  (await Promise.all(workStates.map((state) => queues.pending(stageOf[state])))).reduce((sum, count) => sum + count);

test.each<[string, () => Promise<void>]>([
  [
    'emptied',
    async () => {
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },
  ],
  [
    'started from nothing',
    async () => {
      await redis.stop();
      redis = await startRedis({ dir });
    },
  ],
])('after Redis was %s, a bag in each work state is offered again', async (_how, lose) => {
  const due = await bench.due();
  expect(due.map(({ state }) => state).sort()).toEqual([...workStates].sort());
  const before = await allServices();
  await before.queues.offer(due);
  expect(await waiting(before.queues)).toBe(workStates.length);
  await before.end();

  await lose();

  const { workers, queues, given } = await allServices();
  expect(await waiting(queues)).toBe(0);
  workers.start();
  await until('every bag was offered', () => given.size === workStates.length);
  expect([...given].sort()).toEqual(due.map(({ state, bagId }) => `${state} bag ${bagId}`).sort());
});
