import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

const pollMs = 500;

/** Work of the services that is waited for. */
export interface Wait<T> {
  readonly read: () => Promise<T>;
  readonly isOver: (now: T) => boolean;
  /** After this long without a change, nothing moves. */
  readonly stillMs?: number;
  /** Called whenever nothing moves; may end the wait with an error. */
  readonly whenStill?: (now: T) => Promise<void> | void;
}

export interface Waiting<T> {
  readonly now: T;
  /** Nothing has changed for `stillMs`, counted from the start or from the last time this was true. */
  readonly isStill: boolean;
}

/**
 * Reads until it is over and returns what was read last; yields each reading before that. A caller may stop reading at
 * any time: waiting changes nothing.
 */
export async function* waiting<T>({
  read,
  isOver,
  stillMs = Infinity,
  whenStill,
}: Wait<T>): AsyncGenerator<Waiting<T>, T> {
  let before: T | undefined;
  for (let changedAt = performance.now(); ; await sleep(pollMs)) {
    const now = await read();
    if (isOver(now)) return now;
    if (!isDeepStrictEqual(now, before)) changedAt = performance.now();
    before = now;
    const isStill = performance.now() - changedAt > stillMs;
    if (isStill) {
      changedAt = performance.now();
      await whenStill?.(now);
    }
    yield { now, isStill };
  }
}
