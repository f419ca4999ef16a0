import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '@coldroom/domain';
import type { Claim, Register } from '@coldroom/register';
import { Runner, type RunnerOptions } from './runner';
import { transition, type Stage, type StageResult, type StageWork } from './stage';
import { RecordedLog, Workbench } from './testing';

const leaseMs = 300;
const usual: RunnerOptions = {
  worker: 'w1',
  leaseMs,
  attempts: 3,
  retryPauseMs: 1,
  waitLimitMs: 60_000,
  errorLimit: 1000,
};

describe('a claim and its lease', () => {
  let bench: Workbench;
  let log: RecordedLog;
  let made = 0;

  beforeAll(async () => {
    bench = await Workbench.create('lease');
  });
  beforeEach(() => {
    log = new RecordedLog();
  });
  afterAll(() => bench.close());

  const runner = (worker = 'w1', register = bench.register): Runner =>
    new Runner(register, async () => undefined, log, { ...usual, worker });
  const hashing = (run: (claim: Claim, work: StageWork) => Promise<StageResult>): Stage => ({
    name: 'hash',
    takes: 'approved',
    run,
  });
  const done = ({ files }: Claim): StageResult => ({
    transitions: files.map((file) => transition(file, 'hash', 'hashed')),
  });

  async function bag(): Promise<{ readonly bagId: bigint; readonly state: () => Promise<string> }> {
    made += 1;
    const path = `${made}/a`;
    const before = new Set((await bench.due()).map((each) => each.bagId));
    await bench.request({ [`Fileset:${made}`]: [{ path, content: 'x' }] });
    return {
      bagId: (await bench.due()).find((each) => !before.has(each.bagId))!.bagId,
      state: async () => (await bench.file(path)).state,
    };
  }

  /** The same register, but with this answer to a renewal. */
  function renewing(answer: () => Promise<boolean>): Register {
    return Object.create(bench.register, {
      claims: { value: Object.create(bench.register.claims, { renew: { value: answer } }) },
    }) as Register;
  }

  test('a lease is renewed while a stage takes longer; no other worker gets the bag meanwhile', async () => {
    const { bagId, state } = await bag();
    let others = 0;
    const running = runner().run(
      hashing(async (claim, work) => {
        for (let turn = 0; turn < 10; turn += 1) {
          await sleep(leaseMs / 3);
          work.check();
          work.progress(1000);
        }
        return done(claim);
      }),
      bagId,
    );
    const other = hashing(async (claim) => {
      others += 1;
      return done(claim);
    });
    for (let turn = 0; turn < 8; turn += 1) {
      await sleep(leaseMs / 3);
      await runner('w2').run(other, bagId);
    }
    const [progress] = (await bench.register.reports.progress()).filter((row) => row.claimed > 0);
    expect(progress).toMatchObject({ state: 'approved', claimed: 1 });
    await running;
    expect([others, await state()]).toEqual([0, 'hashed']);
  });

  test('a worker that lost its claim is aborted by the signal and records nothing', async () => {
    const { bagId, state } = await bag();
    const heard: unknown[] = [];
    await runner().run(
      hashing(async (claim, work) => {
        await bench.register.claims.releaseClaim(claim); // as if the lease had run out...
        const taken = await bench.register.claims.claim(bagId, ['approved'], 'w2', 60_000); // ...and another worker had been faster
        expect(taken?.fence).toBe(claim.fence + 1n);
        await new Promise((resolve) => work.signal.addEventListener('abort', resolve, { once: true }));
        heard.push(codeOf(work.signal.reason));
        try {
          work.check();
        } catch (error) {
          heard.push(codeOf(error));
        }
        return done(claim);
      }),
      bagId,
    );
    expect(heard).toEqual(['CLAIM_LOST', 'CLAIM_LOST']);
    expect(await state()).toBe('approved');
    expect(log.of('claim lost')).toMatchObject([{ stage: 'hash', code: 'CLAIM_LOST' }]);
    expect(await bench.register.claims.claim(bagId, ['approved'], 'w3', 1000)).toBeUndefined(); // w2 still has it
  });

  test('a machine suspended past the lease changes nothing on waking, though its clock stood still', async () => {
    const { bagId, state } = await bag();
    let lost: unknown;
    await runner().run(
      hashing(async (claim, work) => {
        work.check();
        const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + leaseMs);
        try {
          work.check();
        } catch (error) {
          lost = codeOf(error);
        } finally {
          clock.mockRestore();
        }
        return done(claim);
      }),
      bagId,
    );
    expect([lost, await state()]).toEqual(['CLAIM_LOST', 'hashed']); // the claim was valid, so it is recorded
  });

  test('while the register does not answer, work continues until the deadline and not beyond', async () => {
    const { bagId, state } = await bag();
    let [goodUntil, lost] = [0, ''];
    const start = performance.now();
    await runner(
      'w1',
      renewing(async () => {
        throw new Error('the register is unavailable');
      }),
    ).run(
      hashing(async (claim, work) => {
        for (;;) {
          try {
            work.check();
            goodUntil = performance.now() - start;
          } catch (error) {
            lost = codeOf(error);
            throw error;
          }
          await sleep(5);
        }
        return done(claim);
      }),
      bagId,
    );
    expect(goodUntil).toBeGreaterThan(leaseMs / 2);
    expect(goodUntil).toBeLessThan(leaseMs);
    expect([lost, await state(), log.of('claim lost').length]).toEqual(['CLAIM_LOST', 'approved', 1]);
  });

  test('the deadline is in memory that other threads see', async () => {
    const { bagId } = await bag();
    await runner().run(
      hashing(async (claim, work) => {
        expect(work.deadline.buffer).toBeInstanceOf(SharedArrayBuffer);
        const first = Atomics.load(work.deadline, 0);
        await sleep(leaseMs);
        expect(Atomics.load(work.deadline, 0)).toBeGreaterThan(first);
        return done(claim);
      }),
      bagId,
    );
    expect(log.of('attempt failed')).toEqual([]);
  });

  test('a shutdown stops the work and gives the bag back, immediately and without an attempt', async () => {
    const { bagId, state } = await bag();
    const ending = runner();
    const running = ending.run(
      hashing(async (_claim, work) => {
        await new Promise((resolve) => work.signal.addEventListener('abort', resolve, { once: true }));
        throw work.signal.reason;
      }),
      bagId,
    );
    await sleep(50);
    ending.end();
    await running;
    await ending.run(
      hashing(async () => {
        throw new Error('it ran after its end');
      }),
      bagId,
    );
    expect([await state(), log.of('claim released').length, log.of('attempt failed')]).toEqual(['approved', 1, []]);
    const next = await bench.register.claims.claim(bagId, ['approved'], 'w2', 60_000);
    expect(next).toMatchObject({ attempts: 0, waitingSince: null });
  });

  test('work that finished before a shutdown could stop it is recorded', async () => {
    const { bagId, state } = await bag();
    const ending = runner();
    const running = ending.run(
      hashing(async (claim) => {
        ending.end();
        await sleep(20);
        return done(claim);
      }),
      bagId,
    );
    await running;
    expect(await state()).toBe('hashed');
  });
});
