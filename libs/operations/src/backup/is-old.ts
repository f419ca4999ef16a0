import type { BackupState } from '@coldroom/register';

/** A database whose newest good dump, in whichever place, is older than that. */
export interface OldBackup {
  readonly database: BackupState['database'];
  readonly succeededAt: Date;
}

export function oldBackups(
  states: readonly Pick<BackupState, 'database' | 'succeededAt'>[],
  limitMs: number,
  now = Date.now(),
): readonly OldBackup[] {
  const newest = new Map<BackupState['database'], Date>();
  for (const { database, succeededAt } of states) {
    const known = newest.get(database);
    if (succeededAt !== null && (known === undefined || known < succeededAt)) newest.set(database, succeededAt);
  }
  return [...newest]
    .filter(([, succeededAt]) => now - succeededAt.getTime() > limitMs)
    .map(([database, succeededAt]) => ({ database, succeededAt }));
}
