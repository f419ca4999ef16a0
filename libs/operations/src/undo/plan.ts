import { movingStates, type FileState } from '@coldroom/domain';
import type { Register, SelectedFiles, Target } from '@coldroom/register';
import { amount, selectedFiles, type Amount } from '../selected-files';

const early: readonly FileState[] = ['approved', 'hashed', 'copied', 'verified'];
const mayBeHeld: readonly FileState[] = [
  'sealed',
  'linked',
  'undoing',
  'retrieving',
  'online',
  'fetched',
  'fetchVerified',
  'recalled',
];
const archived: readonly FileState[] = [
  'linked',
  'released',
  'retrieving',
  'online',
  'fetched',
  'fetchVerified',
  'recalled',
];
const moving: readonly FileState[] = movingStates;

export interface UndoPlan {
  /** Files whose originals the linker puts back, or finds already in place. */
  readonly back: Amount;
  /** Files that are given up as they are: their originals were never touched. */
  readonly abandoned: Amount;
  /** Files whose originals are no longer held. */
  readonly released: Amount;
  /** Files that are on their way to another store: the move must first end or be cancelled. */
  readonly moving: Amount;
  /** Files of requests that have not started: there is nothing to undo. */
  readonly notStarted: Amount;
}

export async function planUndo(register: Register, targets: readonly Target[]): Promise<UndoPlan> {
  return undoPlan(await selectedFiles(register, targets, 'filesets'));
}

/** What `register.operator.undo` does to these files; a test compares the two. */
export function undoPlan(rows: readonly SelectedFiles[]): UndoPlan {
  const started = rows.filter((row) => row.inBag);
  const standing =
    (states: readonly FileState[]) =>
    (row: SelectedFiles): boolean =>
      states.includes(row.stuckFrom ?? row.state);
  const notReleased = started.filter((row) => !row.released);
  return {
    back: amount(notReleased, standing(mayBeHeld)),
    abandoned: amount(notReleased, standing(early)),
    released: amount(
      started.filter((row) => row.released),
      standing(archived),
    ),
    moving: amount(started, standing(moving)),
    notStarted: amount(rows, (row) => !row.inBag && row.state === 'registered'),
  };
}
