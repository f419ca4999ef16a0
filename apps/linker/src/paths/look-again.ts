import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '@coldroom/domain';
import { mayBeRemote } from '@coldroom/files';
import { originalPath, type Place } from './inspect';

/** Longer than FUSE file systems keep attributes (1 s unless set otherwise). */
const cacheMs = 1_200;

/**
 * A look that changes nothing, and is repeated once where it ends in a refusal: on a network or FUSE file system, a
 * cache that the system does not know of may have given the answer. The second look decides by the same comparisons.
 */
export async function lookAgain<T>(place: Place, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof Refused) || !(await isRemote(place))) throw error;
    await sleep(cacheMs);
    return look();
  }
}

async function isRemote(place: Place): Promise<boolean> {
  const original = originalPath(place);
  return mayBeRemote(await stat(original.subarray(0, original.lastIndexOf('/')), { bigint: true }));
}
