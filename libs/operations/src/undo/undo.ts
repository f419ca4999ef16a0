import type { Register, Target, UndoResult } from '@coldroom/register';
import { oneByOne, summed, type Notify } from '../busy';
import { amount, byCode, selectedFiles, type Amount, type ByCode } from '../selected-files';
import { refuseWhereStopped } from '../switches/stopped';
import { waiting, type Waiting } from '../waiting';

const stillMs = 10_000;

/** Undoes whole filesets: what is archived is left to the linker, what is not linked yet is abandoned. */
export async function undo(
  register: Register,
  targets: readonly Target[],
  by: string,
  notify: Notify,
): Promise<UndoResult> {
  const results = await oneByOne(notify, targets, (target) => register.operator.undo(target, by));
  return summed(results, { undoing: 0, abandoned: 0, released: 0 });
}

/** Waits until no original is left to be put back; yields those that are, and returns the stuck files. */
export async function* untilUndone(
  register: Register,
  targets: readonly Target[],
): AsyncGenerator<Waiting<Amount>, readonly ByCode[]> {
  yield* waiting({
    read: async () => amount(await selectedFiles(register, targets, 'filesets'), (row) => row.state === 'undoing'),
    isOver: ({ files }) => files === 0,
    stillMs,
    whenStill: () =>
      refuseWhereStopped(register, 'The undo is recorded', (name) => name === 'all' || name === 'stage:undo'),
  });
  return byCode((await selectedFiles(register, targets, 'filesets')).filter((row) => row.state === 'stuck'));
}
