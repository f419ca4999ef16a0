import { randomBytes } from 'node:crypto';
import type { Register, Target } from '@coldroom/register';
import { oneByOne, type Notify } from '../busy';
import { byCode, selectedFiles, type ByCode } from '../selected-files';

/** The stuck files that would be tried again. */
export async function planRetry(register: Register, targets: readonly Target[]): Promise<readonly ByCode[]> {
  const rows = await selectedFiles(register, targets, 'files');
  return byCode(rows.filter((row) => row.state === 'stuck' && row.inBag));
}

/** Tries stuck files again; returns how many. */
export async function retry(
  register: Register,
  targets: readonly Target[],
  by: string,
  notify: Notify,
): Promise<number> {
  const counts = await oneByOne(notify, targets, (target) => register.operator.retry(target, bagName, by));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Bag names cannot be guessed, so nothing foreign waits under one. */
function bagName(nr: number): string {
  return `retry-${nr}-${randomBytes(8).toString('hex')}`;
}
