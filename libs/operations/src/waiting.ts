import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

/** Work of the services that is waited for. */
export interface Wait<T> {
  readonly read: () => Promise<T>;
  readonly isOver: (now: T) => boolean;
  /** After this long without a change, nothing moves. */
  readonly stillMs?: number;
  /** Called whenever nothing moves; may end the wait with an error. */
  readonly whenStill?: (now: T) => Promise<void> | void;
  /** Between two readings. */
  readonly pauseMs?: number;
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
  pauseMs = 500,
}: Wait<T>): AsyncGenerator<Waiting<T>, T> {
  let before: T | undefined;
  for (let changedAt = performance.now(); ; await sleep(pauseMs)) {
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
