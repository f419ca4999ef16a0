import { setTimeout as sleep } from 'node:timers/promises';
import { Log, type LogFields } from '@coldroom/runtime';
import { RoundLoop } from './round-loop';

const warnings: unknown[] = [];

class Kept extends Log {
  override warn(event: string, fields: LogFields | string = {}): void {
    warnings.push({ event, fields });
  }
}

/** Three rounds that answer at once, then one that fails; after that each is recorded. */
class Loop extends RoundLoop {
  protected readonly failure = 'look failed';
  protected readonly log = new Kept('test');
  count = 0;
  ended = false;

  constructor(
    protected readonly pauseMs: number,
    protected override readonly pauseAfterFailureMs?: number,
  ) {
    super();
  }

  protected async round(stop: AbortSignal): Promise<unknown> {
    this.count += 1;
    if (this.count < 4) return 'again';
    if (this.count === 4) throw new Error('the disk is gone');
    await sleep(60_000, undefined, { signal: stop }).catch(() => undefined);
    this.ended = true;
    return undefined;
  }
}

test('a round that knows more to wait is followed at once, and a failed one after its pause', async () => {
  const loop = new Loop(60_000, 5);
  loop.start();
  while (loop.count < 5) await sleep(5);
  expect(warnings).toMatchObject([{ event: 'look failed', fields: { reason: 'the disk is gone' } }]);
  await loop.beforeApplicationShutdown();
  expect([loop.count, loop.ended]).toEqual([5, true]);
});

test('without a pause of its own, a failed round waits as any other, and the end does not wait for the pause', async () => {
  const loop = new Loop(60_000);
  loop.start();
  await sleep(100);
  await loop.beforeApplicationShutdown();
  expect(loop.count).toBe(4);
});
