import { setTimeout as sleep } from 'node:timers/promises';
import { NotYet } from '@coldroom/domain';
import { isStopping, untilGrace, type Grace } from './until-grace';

const shutdown = new NotYet('SHUTTING_DOWN', 'the service is being stopped');
let stop: AbortController;
let deadline: BigInt64Array<SharedArrayBuffer>;
const graces: Grace[] = [];
const grace = (ms: number): Grace => {
  const made = untilGrace({ signal: stop.signal, deadline }, ms);
  graces.push(made);
  return made;
};
beforeEach(() => {
  stop = new AbortController();
  deadline = new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n);
});
afterEach(() => {
  for (const each of graces.splice(0)) each.done();
});

it.each([['before'], ['after']])('an attempt that began %s the signal to stop goes on for that time', async (when) => {
  if (when === 'after') stop.abort(shutdown);
  const { signal } = grace(400);
  stop.abort(shutdown);
  await sleep(200);
  expect([signal.aborted, isStopping(stop.signal)]).toEqual([false, true]);
  await sleep(900);
  expect(signal.aborted).toBe(true);
});

it('ends at once for any other reason', () => {
  const { signal } = grace(60_000);
  stop.abort(new Error('a person cancels the order'));
  expect([signal.aborted, isStopping(stop.signal)]).toEqual([true, false]);
});

it('ends with the claim', async () => {
  const { signal } = grace(60_000);
  stop.abort(shutdown);
  Atomics.store(deadline, 0, 0n);
  await sleep(800);
  expect(signal.aborted).toBe(true);
});
