import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { NotYet, Refused, Transient } from '@coldroom/domain';
import type { Claim } from '@coldroom/register';
import { toTransitions } from './outcomes';
import { Runner, type RunnerOptions } from './runner';
import { transition, type Stage, type StageResult, type StageWork } from './stage';
import { RecordedLog, Workbench } from './testing';

const usual: RunnerOptions = {
  worker: 'w1',
  leaseMs: 60_000,
  attempts: 3,
  retryPauseMs: 1,
  waitLimitMs: 60_000,
  errorLimit: 1000,
};

describe('the runner', () => {
  let bench: Workbench;
  let log: RecordedLog;
  let made = 0;

  beforeAll(async () => {
    bench = await Workbench.create('runner');
  });
  beforeEach(() => {
    log = new RecordedLog();
  });
  afterAll(() => bench.close());

  const runner = (change: Partial<RunnerOptions> = {}): Runner =>
    new Runner(bench.register, async () => undefined, log, { ...usual, ...change });
  const hashing = (run: (claim: Claim, work: StageWork) => Promise<StageResult>): Stage => ({
    name: 'hash',
    takes: 'approved',
    run,
  });
  const failing = (error: unknown): Stage =>
    hashing(async () => {
      throw error;
    });
  const passing = hashing(async ({ files }) => ({
    transitions: files.map((file) => transition(file, 'hash', 'hashed')),
  }));

  /** A due bag of two files, and their paths. */
  async function bag(): Promise<{
    readonly bagId: bigint;
    readonly paths: readonly string[];
    readonly states: () => Promise<readonly string[]>;
  }> {
    made += 1;
    const paths = [`${made}/a`, `${made}/b`];
    const before = new Set((await bench.due()).map((each) => each.bagId));
    await bench.request({ [`Fileset:${made}`]: paths.map((path) => ({ path, content: 'x' })) });
    const due = (await bench.due()).find((each) => !before.has(each.bagId));
    return {
      bagId: due!.bagId,
      paths,
      states: async () => Promise.all(paths.map(async (path) => (await bench.file(path)).state)),
    };
  }

  async function untilDue(bagId: bigint): Promise<number> {
    const start = performance.now();
    while (!(await bench.due()).some((each) => each.bagId === bagId)) await sleep(5);
    return performance.now() - start;
  }

  /** As a rebuild of a restored register changes it. */
  async function inRegister(statement: string): Promise<readonly unknown[]> {
    const client = new pg.Client({ connectionString: bench.registerUrl, options: '-c search_path=coldroom' });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  }

  const events = async (path: string, what: string) =>
    (await bench.register.reports.events({ fileId: (await bench.file(path)).id })).filter(
      (event) => event.what === what,
    );

  test('the transitions of a stage are recorded, and the next bag is offered', async () => {
    const { bagId, states, paths } = await bag();
    const offered: unknown[] = [];
    const slow = hashing(async (claim, work) => {
      await sleep(20);
      return passing.run(claim, work);
    });
    await new Runner(bench.register, async (due) => void offered.push(...due), log, usual).run(slow, bagId);
    expect([await states(), offered]).toEqual([['hashed', 'hashed'], [{ bagId, state: 'hashed' }]]);
    const [told] = await events(paths[0]!, 'hash');
    expect(told?.detail).toMatchObject({ stage: 'hash', store: 'main', files: 2, bytes: 2, ms: expect.any(Number) });
    expect((told?.detail as { ms: number }).ms).toBeGreaterThanOrEqual(20);
  });

  test('an offer that fails does no harm: the sweep offers the bag again', async () => {
    const { bagId, states } = await bag();
    await new Runner(
      bench.register,
      async () => {
        throw new Transient('REDIS_UNAVAILABLE', 'no Redis');
      },
      log,
      usual,
    ).run(passing, bagId);
    expect([await states(), log.of('not offered')]).toEqual([
      ['hashed', 'hashed'],
      [{ reason: 'no Redis', next: 'the sweep will offer it again' }],
    ]);
  });

  test('a file that the store does not take is stuck at its second failure, and its bag continues', async () => {
    const { bagId, states, paths } = await bag();
    const stage = hashing(async ({ files }) =>
      toTransitions<string>(
        files,
        files.map(({ path }) =>
          path.toString().endsWith('/a')
            ? { ok: 'taken' }
            : { error: new Transient('COPY_CUT_SHORT', 'The store holds none of its bytes.') },
        ),
        (file) => transition(file, 'hash', 'hashed'),
      ),
    );
    await runner({ attempts: 12, retryPauseMs: 100 }).run(stage, bagId);
    expect(await states()).toEqual(['hashed', 'approved']);
    expect(await bench.file(paths[1]!)).toMatchObject({ code: 'COPY_CUT_SHORT' });
    expect(await untilDue(bagId)).toBeGreaterThan(60);
    await runner({ attempts: 12 }).run(stage, bagId);
    expect(await states()).toEqual(['hashed', 'stuck']);
    expect(await bench.file(paths[1]!)).toMatchObject({
      stuckFrom: 'approved',
      code: 'COPY_CUT_SHORT',
      reason:
        'The store holds none of its bytes. It failed twice in this way while the store took other files of the bag.',
    });
    expect(await events(paths[1]!, 'attempt failed')).toHaveLength(1);
    expect((await bench.due()).find((each) => each.bagId === bagId)).toMatchObject({ state: 'hashed' });
  });

  test('a transient failure is retried after growing pauses, counted in the register, then stuck', async () => {
    const { bagId, states, paths } = await bag();
    const stage = failing(new Transient('READ_FAILED', 'the disk stutters'));
    for (const least of [80, 160]) {
      await runner({ retryPauseMs: 100 }).run(stage, bagId); // a new runner each time: nothing is counted in memory
      expect(await untilDue(bagId)).toBeGreaterThan(least - 40);
      expect(await states()).toEqual(['approved', 'approved']);
    }
    await runner({ retryPauseMs: 100 }).run(stage, bagId);
    expect(await bench.file(paths[0]!)).toMatchObject({
      state: 'stuck',
      stuckFrom: 'approved',
      code: 'READ_FAILED',
      reason: 'the disk stutters (tried 3 times)',
    });
    expect(await states()).toEqual(['stuck', 'stuck']);
    expect((await events(paths[0]!, 'attempt failed')).map(({ code, detail }) => [code, detail])).toEqual([
      ['READ_FAILED', { attempt: 2, message: 'the disk stutters' }],
      ['READ_FAILED', { attempt: 1, message: 'the disk stutters' }],
    ]);
  });

  test('a pause never exceeds a few minutes', async () => {
    const { bagId } = await bag();
    await runner({ retryPauseMs: 1e9 }).run(failing(new Transient('READ_FAILED', 'x')), bagId);
    const [line] = log.of('attempt failed');
    expect(Number(/^in (\d+) s$/.exec(String(line?.['again']))?.[1])).toBeGreaterThanOrEqual(240);
    expect(Number(/^in (\d+) s$/.exec(String(line?.['again']))?.[1])).toBeLessThanOrEqual(360);
  });

  test.each([
    [new TypeError('undefined is not a function'), 'UNKNOWN', /^undefined is not a function \(tried 3 times\)$/],
    [Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }), 'ENOSPC', /no space left/],
    ['a string', 'UNKNOWN', /^a string \(tried/],
  ])('%s counts as a transient failure, up to the limit', async (error, code, reason) => {
    const { bagId, paths } = await bag();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await untilDue(bagId);
      await runner().run(failing(error), bagId);
    }
    expect(await bench.file(paths[1]!)).toMatchObject({ state: 'stuck', code, reason: expect.stringMatching(reason) });
    expect(log.of('attempt failed')).toHaveLength(2);
    expect(log.of('attempt failed')[0]).toHaveProperty('error');
  });

  test.each(['REGISTER_UNAVAILABLE', 'REGISTER_READ_ONLY', 'REGISTER_FULL'])(
    '%s uses up no attempt, however often it happens',
    async (code) => {
      const { bagId, states } = await bag();
      for (let turn = 0; turn < 4; turn += 1) {
        await runner().run(failing(new Transient(code, 'it is not there')), bagId);
        await untilDue(bagId);
      }
      expect(await states()).toEqual(['approved', 'approved']);
      expect(log.of('register failed')).toHaveLength(4);
    },
  );

  test('a refused file is stuck immediately', async () => {
    const { bagId, paths } = await bag();
    await runner().run(failing(new Refused('BAG_SEALED', 'it is sealed')), bagId);
    expect(await bench.file(paths[0]!)).toMatchObject({ state: 'stuck', code: 'BAG_SEALED', reason: 'it is sealed' });
    expect(await events(paths[0]!, 'attempt failed')).toEqual([]);
    expect(log.of('file stuck')).toHaveLength(2);
  });

  test('waiting is not an attempt; past its limit the files are stuck, unless it has no limit', async () => {
    const { bagId, paths } = await bag();
    const waiting = failing(new NotYet('NOT_DURABLE_YET', 'still amber', { delayMs: 20 }));
    for (let turn = 0; turn < 4; turn += 1) {
      await runner({ waitLimitMs: 60_000 }).run(waiting, bagId);
      expect(await untilDue(bagId)).toBeLessThan(5000);
    }
    await runner({ waitLimitMs: 10 }).run(failing(new NotYet('HELD', 'held', { delayMs: 1, noDeadline: true })), bagId);
    await untilDue(bagId);
    expect(await bench.file(paths[0]!)).toMatchObject({ state: 'approved' });
    const claim = await bench.register.claims.claim(bagId, ['approved'], 'looker', 1000);
    expect(claim).toMatchObject({ attempts: 0, waitingSince: null }); // waiting without a limit counts towards no limit
    await bench.register.claims.releaseClaim(claim!);

    await runner({ waitLimitMs: 10 }).run(waiting, bagId);
    expect(await bench.file(paths[0]!)).toMatchObject({ state: 'approved' });
    await untilDue(bagId);
    await runner({ waitLimitMs: 10 }).run(waiting, bagId);
    expect(await bench.file(paths[0]!)).toMatchObject({
      state: 'stuck',
      code: 'WAITED_TOO_LONG',
      reason: 'still amber; waited 0 minutes',
    });
  });

  test('a bag whose files went into another one has ended, however long it waited', async () => {
    const { bagId, paths } = await bag();
    await runner().run(failing(new NotYet('NOT_DURABLE_YET', 'still amber', { delayMs: 1 })), bagId);
    await untilDue(bagId);
    const other = await bag();
    const moved = await Promise.all(paths.map(async (path) => (await bench.file(path)).id));
    await inRegister(`UPDATE file SET bag_id = ${other.bagId} WHERE id IN (${moved.join(', ')})`);
    let ran = false;
    const stage = hashing(async () => {
      ran = true;
      return { transitions: [] };
    });
    // Two limits that have passed: of waiting, and of attempts.
    await runner({ waitLimitMs: -1, attempts: 1 }).run(stage, bagId);
    expect([ran, await inRegister(`SELECT state, claimed_by FROM bag WHERE id = ${bagId}`)]).toEqual([
      false,
      [{ state: 'done', claimed_by: null }],
    ]);
    expect(await bench.due()).not.toContainEqual(expect.objectContaining({ bagId }));
  });

  test('if a stage advances only some files, they continue; the rest waits as the stage requests', async () => {
    const { bagId, states } = await bag();
    await runner().run(
      hashing(async ({ files }) => ({
        transitions: [transition(files[0]!, 'hash', 'hashed')],
        wait: new NotYet('SOME', 'later', { delayMs: 150 }),
      })),
      bagId,
    );
    expect(await states()).toEqual(['hashed', 'approved']);
    expect(await untilDue(bagId)).toBeGreaterThan(100);
  });

  test('a transition that is not in the table is never recorded', async () => {
    const { bagId, states } = await bag();
    await runner().run(
      hashing(async ({ files }) => ({ transitions: files.map((file) => transition(file, 'link', 'linked')) })),
      bagId,
    );
    expect([await states(), log.of('attempt failed')]).toMatchObject([
      ['approved', 'approved'],
      [{ reason: 'no transition link from approved to linked' }],
    ]);
  });

  test('a bag that does not exist, or is not due, is left alone', async () => {
    const { bagId, states } = await bag();
    const never = hashing(async () => {
      throw new Error('it ran');
    });
    await runner().run(never, 4_000_000_000_000_000_000n);
    await runner().run({ ...never, takes: 'sealed' }, bagId);
    expect([log.lines, await states()]).toEqual([[], ['approved', 'approved']]);
  });

  test('no work starts while it is stopped: by stage, by store, by all', async () => {
    const { bagId, states } = await bag();
    for (const name of ['all', 'stage:hash', 'store:main']) {
      await bench.register.switches.stop(name, 'as the test wants it', 'boss');
      await untilDue(bagId);
      await runner().run(passing, bagId);
      expect([name, await states()]).toEqual([name, ['approved', 'approved']]);
      await bench.register.switches.resume(name, 'boss');
    }
  });

  test('a stage that only gives back runs while all or its store is stopped, not while itself is', async () => {
    const { bagId, states } = await bag();
    await bench.register.switches.stop('stage:hash', 'as the test wants it', 'boss');
    await runner().run({ ...passing, runsWhileStopped: true }, bagId);
    expect(await states()).toEqual(['approved', 'approved']);
    await bench.register.switches.resume('stage:hash', 'boss');
    for (const name of ['all', 'store:main']) await bench.register.switches.stop(name, 'as the test wants it', 'boss');
    await runner().run({ ...passing, runsWhileStopped: true }, bagId);
    expect(await states()).toEqual(['hashed', 'hashed']);
    await bench.register.switches.resume(undefined, 'boss');
  });

  test('too many failures stop the stage until a person resumes it', async () => {
    const { bagId } = await bag();
    await runner({ errorLimit: 1 }).run(failing(new Refused('HASH_DIFFERS', 'rotten')), bagId);
    const stopped = (await bench.register.switches.list()).filter((each) => each.stopped).map((each) => each.name);
    expect(stopped).toEqual(['stage:hash', 'store:main']);
    await bench.register.switches.resume(undefined, 'boss');
  });
});
