import { setTimeout as sleep } from 'node:timers/promises';
import { Transient } from '@coldroom/domain';
import { failureOf } from '../failure';

export interface Finding {
  readonly level: 'ok' | 'warning' | 'fault';
  /** The thing that was checked. */
  readonly about: string;
  readonly found: string;
  /** What to do about it. */
  readonly next?: string;
}

const usualLimitMs = 20_000;

export const ok = (about: string, found: string): Finding => ({ level: 'ok', about, found });
export const warning = (about: string, found: string, next: string): Finding => ({
  level: 'warning',
  about,
  found,
  next,
});
export const fault = (about: string, found: string, next?: string): Finding => ({
  level: 'fault',
  about,
  found,
  ...(next ? { next } : {}),
});

/** Runs one check. An exception is a fault, and so is a missing answer: a hung mount must not hide the rest. */
export async function examine(
  about: string,
  look: () => Promise<readonly Finding[] | Finding>,
  limitMs = usualLimitMs,
): Promise<readonly Finding[]> {
  const ended = new AbortController();
  const limit = sleep(limitMs, undefined, { signal: ended.signal }).then(() => {
    throw new Transient('NO_ANSWER', `no answer within ${limitMs / 1000} s; is it a mount that hangs?`);
  });
  limit.catch(() => undefined);
  try {
    return [await Promise.race([look(), limit])].flat();
  } catch (error) {
    return [fault(about, failureOf(error).message)];
  } finally {
    ended.abort();
  }
}
