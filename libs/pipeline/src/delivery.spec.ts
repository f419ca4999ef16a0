import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { Queues } from './queues';
import { transition, type Stage } from './stage';
import type { StageProcessor } from './stage.processor';
import { Sweep } from './sweep';
import { deliveryApp, RecordedLog, SwitchableRedis, Workbench } from './testing';
import { PROCESSORS, Workers } from './workers';

const redisUrl = (): string => process.env['TEST_REDIS_URL'] as string;
const options = { concurrency: 2, leaseMs: 2000, sweepMs: 100 };
const anywhere = { strict: false };

describe('delivery', () => {
  let bench: Workbench;
  let made = 0;
  const open: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    bench = await Workbench.create('delivery');
  });
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });
  afterAll(() => bench.close());

  interface Service {
    readonly queues: Queues;
    readonly workers: Workers;
    readonly sweep: Sweep;
    readonly processors: readonly StageProcessor[];
    /** Ends the service in the order that NestJS uses. */
    readonly end: () => Promise<void>;
    readonly log: RecordedLog;
    readonly runs: bigint[];
    readonly prefix: string;
    /** A queue used by an outside program. */
    readonly stranger: Queue;
  }

  /** A service with one stage that hashes nothing and advances every file. */
  async function service(
    change: { url?: string; sweepMs?: number; work?: () => Promise<void>; prefix?: string } = {},
  ): Promise<Service> {
    const prefix = change.prefix ?? `delivery-${(made += 1)}`;
    const log = new RecordedLog();
    const runs: bigint[] = [];
    const stage: Stage = {
      name: 'hash',
      takes: 'approved',
      run: async (claim) => {
        runs.push(claim.bagId);
        await change.work?.();
        return { transitions: claim.files.map((file) => transition(file, 'hash', 'hashed')) };
      },
    };
    const app = await deliveryApp(
      { stages: [stage], register: bench.register, log },
      {
        url: change.url ?? redisUrl(),
        prefix,
        concurrency: options.concurrency,
        sweepMs: change.sweepMs ?? options.sweepMs,
        runner: {
          worker: `w-${prefix}-${Math.random()}`,
          leaseMs: options.leaseMs,
          attempts: 3,
          retryPauseMs: 1,
          waitLimitMs: 60_000,
          errorLimit: 1000,
        },
      },
    );
    let ended: Promise<void> | undefined;
    const end = (): Promise<void> => (ended ??= app.close());
    const stranger = new Queue('hash', { connection: { url: redisUrl() }, prefix });
    open.push(async () => {
      await end();
      await stranger.close();
    });
    const [queues, workers, sweep] = [app.get(Queues, anywhere), app.get(Workers), app.get(Sweep)];
    return { queues, workers, sweep, processors: app.get(PROCESSORS), end, log, runs, prefix, stranger };
  }

  async function bag(): Promise<bigint> {
    made += 1;
    await bench.request({ [`Fileset:${made}`]: [{ path: `${made}/a`, content: 'x' }] });
    return (await bench.due()).filter((each) => each.state === 'approved').at(-1)!.bagId;
  }

  async function until(what: string, true_: () => Promise<boolean> | boolean): Promise<void> {
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(20)) if (await true_()) return;
    throw new Error(`in vain: ${what}`);
  }

  const isDone = async (bagId: bigint): Promise<boolean> =>
    !(await bench.due()).some((each) => each.bagId === bagId && each.state === 'approved') &&
    (await bench.due()).some((each) => each.bagId === bagId);

  test('the sweep brings a bag to its stage, and no job is left behind', async () => {
    const bagId = await bag();
    const { workers, runs, stranger } = await service();
    workers.start();
    await until('the bag is done', () => isDone(bagId));
    await until('no job is left', async () =>
      Object.values(await stranger.getJobCounts()).every((count) => count === 0),
    );
    expect(runs).toEqual([bagId]);
  });

  test('forged, old and oversized jobs never run a stage; a real bag behind such a job is done', async () => {
    const bagId = await bag();
    const { workers, runs, log, stranger } = await service();
    const keep: JobsOptions = { removeOnComplete: false, removeOnFail: false };
    await stranger.add('bag', { v: 0, bagId: bagId.toString() }, { ...keep, jobId: `bag-${bagId}` });
    const forged: readonly unknown[] = [
      { v: 1, bagId: '../etc/passwd' },
      { v: 1, bagId: '1'.repeat(5_000_000) },
      { v: 1, bagId: '1', run: 'rm -rf /' },
      7,
      'text',
      null,
      [],
      { v: 2 },
    ];
    for (const data of forged) await stranger.add('bag', data, keep);
    await stranger.add('another name', { path: '/etc' }, keep);
    workers.start();

    await until('the bag is done', () => isDone(bagId));
    await until('no job is left', async () =>
      Object.values(await stranger.getJobCounts()).every((count) => count === 0),
    );
    expect(runs).toEqual([bagId]);
    const refused = log.of('job refused');
    expect(refused).toHaveLength(forged.length + 2);
    for (const line of refused) {
      expect(line['message']).toContain('the register offers the bag again');
      expect(JSON.stringify(line).length).toBeLessThan(600);
    }
    expect(refused.map((line) => line['job'])).toContain(`bag-${bagId}`);
  });

  test('a job whose data is not even JSON does no harm', async () => {
    const { workers, stranger, prefix } = await service();
    const redis = new Redis(redisUrl());
    const job = await stranger.add('bag', {}, { jobId: 'broken' });
    await redis.hset(`${prefix}:hash:${job.id}`, 'data', '{not json');
    const bagId = await bag();
    workers.start();
    await until('the bag is done', () => isDone(bagId));
    redis.disconnect();
  });

  test('a bag that does not exist, or is in another state, is ignored', async () => {
    const bagId = await bag();
    const { queues, workers, runs, log } = await service({ sweepMs: 60_000 });
    workers.start();
    await until('the bag is done', () => isDone(bagId));
    await queues.offer([
      { bagId: 4_000_000_000_000_000_000n, state: 'approved' },
      { bagId, state: 'approved' },
    ]);
    await until('both were taken', async () => (await queues.pending('hash')) === 0);
    expect([runs, log.of('job refused')]).toEqual([[bagId], []]);
  });

  test('the same bag offered many times to two services is worked on once', async () => {
    const { prefix } = await service({ prefix: 'twice' });
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await sleep(300);
      running -= 1;
    };
    const services = [await service({ prefix, work }), await service({ prefix, work })];
    const bagId = await bag();
    for (const { workers } of services) workers.start();
    for (let turn = 0; turn < 20; turn += 1) {
      await services[turn % 2]!.queues.offer([{ bagId, state: 'approved' }]);
      await services[0]!.stranger.add('bag', { v: 1, bagId: bagId.toString() }); // with other job ids
      await sleep(10);
    }
    await until('the bag is done', () => isDone(bagId));
    await until('no job is left', async () => (await services[0]!.queues.pending('hash')) === 0);
    expect([services.flatMap(({ runs }) => runs), most]).toEqual([[bagId], 1]);
  });

  test('no bag is lost when Redis starts late, is emptied and becomes unavailable again', async () => {
    const way = await SwitchableRedis.create(redisUrl());
    open.push(() => way.cut());
    const { workers, log, stranger } = await service({ url: way.url });
    const first = await bag();
    workers.start();
    await until('a sweep failed', () => log.of('sweep failed').length > 0);
    expect(log.of('sweep failed')[0]).toMatchObject({ code: 'REDIS_UNAVAILABLE', next: 'it will be retried' });
    await way.restore();
    await until('the first bag is done', () => isDone(first));

    await way.cut();
    const second = await bag();
    await stranger.obliterate({ force: true });
    await sleep(300);
    await way.restore();
    await until('the second bag is done', () => isDone(second));
  });

  test('drained resolves when nothing is left, not before', async () => {
    const bags = [await bag(), await bag(), await bag()];
    const { workers, sweep, runs } = await service({ work: () => sleep(150), sweepMs: 100 });
    workers.start();
    await sweep.drained();
    expect([...runs].sort()).toEqual([...bags].sort());
    for (const bagId of bags) expect(await isDone(bagId)).toBe(true);
    await sweep.drained(); // again, with nothing to do
  });

  test('drained waits for the bag of a worker that was lost, and runs it', async () => {
    const bagId = await bag();
    await bench.register.claims.claim(bagId, ['approved'], 'lost', 1500);
    const { workers, sweep, runs } = await service();
    workers.start();
    await sweep.drained();
    expect(runs).toEqual([bagId]);
    expect(await isDone(bagId)).toBe(true);
  });

  test('drained resolves while what is left is stopped', async () => {
    const bagId = await bag();
    await bench.register.switches.stop('stage:hash', 'as the test wants it', 'test');
    try {
      const { workers, sweep, runs } = await service();
      workers.start();
      await sweep.drained();
      expect(runs).toEqual([]);
    } finally {
      await bench.register.switches.resume(undefined, 'test');
    }
    expect((await bench.due()).map((due) => due.bagId)).toContain(bagId);
    await bench.bring('hashed');
  });

  test('drained fails if Redis is unavailable', async () => {
    const way = await SwitchableRedis.create(redisUrl());
    const { sweep } = await service({ url: way.url });
    await expect(sweep.drained()).rejects.toThrow('Redis does not answer');
  });

  test('shutdown waits for running work and takes nothing new', async () => {
    let release = (): void => undefined;
    const { workers, runs, end } = await service({
      work: () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    });
    const bagId = await bag();
    workers.start();
    await until('it runs', () => runs.length === 1);
    const other = await bag();
    const ended = end();
    expect(await Promise.race([ended.then(() => 'ended'), sleep(200, 'runs still')])).toBe('runs still');
    release();
    await ended;
    expect([await isDone(bagId), runs.includes(other)]).toEqual([true, false]);
    await bench.bring('hashed');
  });

  test('shutdown waits for running work even if Redis becomes unavailable', async () => {
    const way = await SwitchableRedis.create(redisUrl());
    await way.restore();
    open.push(() => way.cut());
    let release = (): void => undefined;
    const { workers, runs, end } = await service({
      url: way.url,
      work: () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    });
    const bagId = await bag();
    workers.start();
    await until('it runs', () => runs.length === 1);
    await way.cut();
    const ended = end();
    expect(await Promise.race([ended.then(() => 'ended'), sleep(4000, 'runs still')])).toBe('runs still');
    release();
    await ended;
    expect(await isDone(bagId)).toBe(true);
  });

  test.each<[string, number, (way: SwitchableRedis) => Promise<void> | void]>([
    ['becomes unavailable', 0, (way) => way.cut()],
    ['becomes unavailable', 3, (way) => way.cut()],
    ['becomes unavailable', 30, (way) => way.cut()],
    ['stops answering', 0, (way) => way.freeze()],
    ['stops answering', 3, (way) => way.freeze()],
  ])('a Redis that %s %i ms after shutdown began does not block the service', async (_what, delay, change) => {
    const way = await SwitchableRedis.create(redisUrl());
    await way.restore();
    open.push(() => way.cut());
    const { workers, queues, end } = await service({ url: way.url });
    workers.start();
    await until('Redis answers', async () => (await queues.pending('hash')) === 0);
    await sleep(300);
    const ended = end().then(() => 'ended');
    await sleep(delay);
    await change(way);
    expect(await Promise.race([ended, sleep(10_000, 'runs still')])).toBe('ended');
  });

  test('a Redis that stopped answering before shutdown does not block the service', async () => {
    const way = await SwitchableRedis.create(redisUrl());
    await way.restore();
    open.push(() => way.cut());
    const { workers, end } = await service({ url: way.url });
    workers.start();
    await sleep(500);
    way.freeze();
    await sleep(500);
    expect(await Promise.race([end().then(() => 'ended'), sleep(10_000, 'runs still')])).toBe('ended');
  });

  test('nothing is taken before the workers are started', async () => {
    const bagId = await bag();
    const { queues, workers, runs } = await service({ sweepMs: 60_000 });
    await queues.offer([{ bagId, state: 'approved' }]);
    await sleep(500);
    expect([runs, await queues.pending('hash')]).toEqual([[], 1]);
    workers.start();
    await until('the bag is done', () => isDone(bagId));
  });

  test('locks are as long as a lease, and a bag whose worker died is taken again without a limit', async () => {
    const { workers, processors } = await service();
    workers.start();
    expect(processors.map(({ worker }) => worker.opts)).toMatchObject([
      {
        concurrency: options.concurrency,
        lockDuration: options.leaseMs,
        stalledInterval: options.leaseMs / 2,
        maxStalledCount: 1000,
      },
    ]);
  });

  test('a service that is shut down before it has started ends immediately', async () => {
    const bagId = await bag();
    const { end, workers, runs } = await service();
    await end();
    workers.start(); // the startup checks passed too late
    await sleep(500);
    expect(runs).toEqual([]);
    expect(await isDone(bagId)).toBe(false);
    await bench.bring('hashed');
  });

  test('the end comes soon although Redis is unavailable, and nothing but log lines is written', async () => {
    const written = [jest.spyOn(console, 'error'), jest.spyOn(console, 'warn'), jest.spyOn(process.stderr, 'write')];
    const way = await SwitchableRedis.create(redisUrl());
    const { workers, end } = await service({ url: way.url, sweepMs: 20 });
    await bag();
    workers.start();
    await sleep(1000);
    const start = performance.now();
    await end();
    expect(performance.now() - start).toBeLessThan(12_000);
    expect(written.flatMap((spy) => spy.mock.calls)).toEqual([]);
    written.forEach((spy) => spy.mockRestore());
    await bench.bring('hashed');
  });
});
