import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { register as metrics } from 'prom-client';
import { NotYet, Transient, type Store } from '@coldroom/domain';
import { RecordedLog, Workbench } from '@coldroom/pipeline/testing';
import { RollingFixity, type FixityOptions } from './fixity';

describe('the regular check', () => {
  let bench: Workbench;
  let log: RecordedLog;
  let runs = 0;
  let started: RollingFixity[] = [];

  beforeEach(async () => {
    runs += 1;
    bench = await Workbench.create(`fixity${runs}`);
    log = new RecordedLog();
    started = [];
    metrics.resetMetrics();
  });
  afterEach(async () => {
    for (const each of started) await each.beforeApplicationShutdown();
    await bench.close();
  });

  const copy = (id: bigint, path: string): string =>
    join(bench.storeDir, `request-${id}-bag-1`, 'data', 'ManagedRepository', path);

  async function archived(...paths: string[]): Promise<bigint> {
    const id = await bench.request({ 'Fileset:1': paths.map((path) => ({ path, content: `content of ${path}` })) });
    await bench.bring('sealed');
    return id;
  }

  function start(options: Partial<FixityOptions> = {}, store: Store = bench.stores.default): RollingFixity {
    const stores = { ...bench.stores, all: [store], get: () => store };
    const fixity = new RollingFixity(bench.register, log, {
      everyMs: 1,
      stores: undefined,
      pauseMs: 20,
      open: () => Promise.resolve({ stores, close: () => Promise.resolve() }),
      ...options,
    });
    started.push(fixity);
    fixity.onApplicationBootstrap();
    return fixity;
  }

  async function until(met: () => Promise<boolean> | boolean): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      if (await met()) return;
      await sleep(10);
    }
    throw new Error('it did not come to that');
  }
  const checks = async (name: string): Promise<number> =>
    (await metrics.getSingleMetric(name)!.get()).values.reduce((sum, one) => sum + one.value, 0);

  test('finds a copy that decays, and withdraws its proof', async () => {
    const id = await archived('sound', 'rotten');
    await chmod(copy(id, 'rotten'), 0o644);
    await writeFile(copy(id, 'rotten'), 'Content of rotten');
    const claim = await bench.claim('sealed'); // a stage works on the bag: that is no reason to wait
    start();
    await until(() => log.of('copy bad').length > 0);
    expect(log.of('copy bad')[0]).toMatchObject({
      path: 'rotten',
      code: 'COPY_DIFFERS',
      next: expect.stringContaining('coldroom verify File:'),
    });
    await until(async () => (await bench.register.fixityCoverage.count())[0]?.faults === 1);
    expect(await bench.register.fixityCoverage.kept()).toMatchObject([
      { store: 'main', files: 2, everyMs: 1, isChecked: true },
    ]);
    await bench.register.claims.releaseClaim(claim);
    const after = await bench.claim('sealed');
    expect(after.files.map(({ copyDigest }) => copyDigest === null)).toEqual(
      after.files.map(({ path }) => path.toString() === 'rotten'),
    );
  });

  test('reads what is due and nothing else', async () => {
    await archived('a', 'b');
    start({ everyMs: 3_600_000 });
    await sleep(300);
    expect(await checks('coldroom_fixity_files_total')).toBe(0);
  });

  test('is off where the settings turn it off', async () => {
    await archived('a');
    start({ everyMs: 0 });
    await sleep(100);
    expect(log.of('fixity off')).toHaveLength(1);
    expect(await checks('coldroom_fixity_files_total')).toBe(0);
  });

  test('skips what cannot be read, and brings nothing online', async () => {
    const id = await archived('offline', 'gone', 'sound');
    await rm(copy(id, 'gone'));
    const main = bench.stores.default;
    const bringOnline = jest.fn();
    const partly = new Proxy(main, {
      get: (target, name) => {
        if (name === 'bringOnline') return bringOnline;
        if (name !== 'digest') return Reflect.get(target, name) as unknown;
        return async (...args: Parameters<Store['digest']>) =>
          (await main.digest(...args)).map((outcome, at) =>
            args[1][at]!.includes('offline') ? { error: new NotYet('COPY_OFFLINE', 'on tape') } : outcome,
          );
      },
    });
    start({ offlinePauseMs: 20 }, partly);
    await until(async () =>
      (await metrics.getSingleMetric('coldroom_fixity_files_total')!.get()).values.some(
        ({ labels, value }) => labels['result'] === 'good' && value > 1,
      ),
    );
    expect(log.of('copy bad')[0]).toMatchObject({ path: 'gone', code: 'COPY_MISSING' });
    expect(bringOnline).not.toHaveBeenCalled();
    const rows = await bench.register.fixity.waiting(['main'], 0, null, 10);
    expect(rows.find(({ display }) => display === 'offline')).toMatchObject({
      copyFault: null,
      copyDigest: expect.any(String),
    });
  });

  test('does not query a store repeatedly for what is offline', async () => {
    await archived('a', 'b');
    const digest = jest.fn(async (_bag: string, paths: readonly Buffer[]) =>
      paths.map(() => ({ error: new NotYet('COPY_OFFLINE', 'on tape') })),
    );
    start({}, Object.assign(Object.create(bench.stores.default) as Store, { digest }));
    await until(async () => (await checks('coldroom_fixity_files_total')) >= 2);
    await sleep(200);
    expect(digest).toHaveBeenCalledTimes(1);
  });

  test('continues after a turn that ran out of time with an offline copy: the rest does not wait', async () => {
    await archived('a', 'b');
    const digest = jest.fn(async (_bag: string, paths: readonly Buffer[]) => {
      await sleep(20);
      return paths.map(() => ({ error: new NotYet('COPY_OFFLINE', 'on tape') }));
    });
    start({ termMs: 10 }, Object.assign(Object.create(bench.stores.default) as Store, { digest }));
    await until(() => digest.mock.calls.length >= 3);
  });

  test('is done by one process at a time, and pauses while the store is stopped', async () => {
    await archived('a');
    let most = 0;
    let now = 0;
    const main = bench.stores.default;
    const slow = new Proxy(main, {
      get: (target, name) =>
        name !== 'digest'
          ? (Reflect.get(target, name) as unknown)
          : async (...args: Parameters<Store['digest']>) => {
              most = Math.max(most, (now += 1));
              await sleep(30);
              now -= 1;
              return main.digest(...args);
            },
    });
    start({}, slow);
    start({}, slow);
    await until(async () => (await checks('coldroom_fixity_files_total')) > 5);
    expect(most).toBe(1);
    await bench.register.switches.stop('store:main', 'test', 'test');
    await sleep(100);
    const before = await checks('coldroom_fixity_files_total');
    await sleep(200);
    expect(await checks('coldroom_fixity_files_total')).toBe(before);
  });

  test('continues with other stores where one is unavailable', async () => {
    const [, sound] = [await archived('a'), await archived('b')];
    const main = bench.stores.default;
    const away = new Proxy(main, {
      get: (target, name) => {
        if (name === 'name') return 'away';
        return name === 'digest'
          ? () => Promise.reject(new Transient('STORE_UNAVAILABLE', 'unmounted'))
          : (Reflect.get(target, name) as unknown);
      },
    });
    const sql = new pg.Client({ connectionString: bench.registerUrl });
    await sql.connect();
    await sql.query(`UPDATE coldroom.bag SET store = 'away' WHERE request_id <> ${sound}`);
    await sql.end();
    start({
      open: () =>
        Promise.resolve({
          stores: { ...bench.stores, all: [away, main], get: (name: string) => (name === 'away' ? away : main) },
          close: () => Promise.resolve(),
        }),
    });
    await until(async () => (await checks('coldroom_fixity_files_total')) > 0);
    expect(log.of('store not read')[0]).toMatchObject({ store: 'away', code: 'STORE_UNAVAILABLE' });
    expect((await bench.register.fixityCoverage.count()).map(({ store, faults }) => [store, faults])).toEqual([
      ['away', 0],
      ['main', 0],
    ]);
  });

  test('ends at once, in the middle of a wait', async () => {
    await archived('a');
    const fixity = start({ pauseMs: 60_000 });
    await until(async () => (await checks('coldroom_fixity_files_total')) > 0);
    const asked = performance.now();
    await fixity.beforeApplicationShutdown();
    expect(performance.now() - asked).toBeLessThan(1000);
  });

  test('reads stores on other machines only where they are named', async () => {
    await archived('a');
    const remote = new Proxy(bench.stores.default, {
      get: (target, name) => (name === 'acceptedReads' ? ['remote'] : (Reflect.get(target, name) as unknown)),
    });
    start({}, remote);
    await sleep(200);
    expect(await checks('coldroom_fixity_files_total')).toBe(0);
    start({ stores: ['main'] }, remote);
    await until(async () => (await checks('coldroom_fixity_files_total')) > 0);
  });
});
