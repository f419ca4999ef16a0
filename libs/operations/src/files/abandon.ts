import type { FileState } from '@coldroom/domain';
import type { Register, Target } from '@coldroom/register';
import { oneByOne, type Notify } from '../busy';
import { amount, selectedFiles, type Amount } from '../selected-files';

/** Files before their link. */
const abandonable: readonly FileState[] = ['approved', 'hashed', 'copied', 'verified', 'sealed', 'stuck'];

/** All files that would be abandoned, and how many of them are stuck. */
export interface AbandonPlan extends Amount {
  readonly stuck: number;
}

/** Only stuck files are abandoned, and with each the rest of its fileset as far as it is not linked. */
export async function planAbandon(register: Register, targets: readonly Target[]): Promise<AbandonPlan> {
  const named = await selectedFiles(register, targets, 'files');
  const stuck = amount(named, (row) => row.state === 'stuck' && row.inBag).files;
  const whole = stuck > 0 ? await selectedFiles(register, targets, 'stuck filesets') : [];
  return { stuck, ...amount(whole, (row) => row.inBag && abandonable.includes(row.state)) };
}

/** Abandons them; returns how many. */
export async function abandon(
  register: Register,
  targets: readonly Target[],
  by: string,
  notify: Notify,
): Promise<number> {
  const counts = await oneByOne(notify, targets, (target) => register.operator.abandon(target, by));
  return counts.reduce((sum, count) => sum + count, 0);
}
