import { setTimeout as sleep } from 'node:timers/promises';
import type { Register } from '@coldroom/register';
import { waiting, type Waiting } from '../waiting';

/**
 * A linker reads the switches before each original and may rely on an answer that is 0.2 s old: a linker that passed
 * that check before the stop holds its claim by then, so it is seen and waited for.
 */
const finishMs = 1000;

/** Stops everything. It takes effect at once, but a linker finishes the original that it has begun. */
export async function stop(register: Register, reason: string, by: string): Promise<void> {
  await register.switches.stop('all', reason, by);
}

/** Waits until no linker has a bag; yields how many bags they have. */
export async function* untilNoneIsLinked(register: Register): AsyncGenerator<Waiting<number>, number> {
  await sleep(finishMs);
  return yield* waiting({
    read: async () =>
      (await register.reports.progress())
        .filter(({ state }) => state === 'sealed' || state === 'linked')
        .reduce((sum, row) => sum + row.claimed, 0),
    isOver: (claimed) => claimed === 0,
  });
}
