import { movingStates, type FileState } from '@coldroom/domain';
import type { Register, Target } from '@coldroom/register';
import { notFound } from './failure';

export type SelectedFiles = Awaited<ReturnType<Register['reports']['selected']>>[number];
type SelectedWith = Parameters<Register['reports']['selected']>[1];

/** Counts the files that targets name; `NO_SUCH_TARGET` if the register does not know one of the targets. */
export async function selectedFiles(
  register: Register,
  targets: readonly Target[],
  including: SelectedWith,
): Promise<readonly SelectedFiles[]> {
  const unknown: string[] = [];
  for (const target of targets) unknown.push(...(await register.reports.unknown(target)));
  if (unknown.length > 0) {
    throw notFound(
      `${unknown.join(' ')} in the register`,
      'NO_SUCH_TARGET',
      '"coldroom requests list" and "coldroom files list" show what there is',
    );
  }
  const found: SelectedFiles[] = [];
  for (const target of targets) found.push(...(await register.reports.selected(target, including)));
  return found;
}

export interface Amount {
  readonly files: number;
  readonly bytes: bigint;
}

export function amount(rows: readonly SelectedFiles[], which: (row: SelectedFiles) => boolean = () => true): Amount {
  const chosen = rows.filter(which);
  return {
    files: chosen.reduce((sum, row) => sum + row.files, 0),
    bytes: chosen.reduce((sum, row) => sum + row.bytes, 0n),
  };
}

/** Files and bytes by code, for stuck rows. */
export function byCode(rows: readonly SelectedFiles[]): readonly (Amount & { readonly code: string })[] {
  return [...Map.groupBy(rows, (row) => row.code ?? 'UNKNOWN')].map(([code, group]) => ({ code, ...amount(group) }));
}

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

/** What `People.undo` does to these files; a test compares the two. */
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
