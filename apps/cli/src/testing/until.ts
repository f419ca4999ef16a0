import { setTimeout as sleep } from 'node:timers/promises';

const withinMs = 30_000;
const pollMs = 20;

/** Waits until the condition is met. */
export async function until(isMet: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = performance.now() + withinMs; !(await isMet()); await sleep(pollMs))
    if (performance.now() > deadline) throw new Error(`not so within ${withinMs / 1000} s: ${isMet}`);
}
