import { setTimeout as sleep } from 'node:timers/promises';
import { Transient } from '@coldroom/domain';

const limitMs = 3_600_000;
const longestPauseMs = 600_000;

/**
 * Reads again after a failure that may pass, such as a restart of the server, until it has failed for an hour. Waits for
 * as long as the server says.
 */
export async function patiently<T>(read: () => Promise<T>, pauseMs: number): Promise<T> {
  for (const begun = performance.now(); ;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Transient) || performance.now() - begun > limitMs) throw error;
      const { retryAfterMs } = error.details;
      const named = typeof retryAfterMs === 'number' ? retryAfterMs : 0;
      await sleep(Math.min(Math.max(pauseMs, named), longestPauseMs));
    }
  }
}
