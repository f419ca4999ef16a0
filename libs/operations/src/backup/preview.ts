import { writeMarker } from '@coldroom/files';
import { UsageError } from '../failure';
import type { Surroundings } from '../surroundings';
import { backupMarker, DirectoryPlace } from './directory-place';
import { dumpOf, dumpsIn, type DumpedDatabase } from './names';
import { placeFailed } from './place-failures';
import { planBackup } from './plan';
import { rotate } from './rotation';

/** What a backup would do for one database in one place. */
export interface BackupPreview {
  readonly database: DumpedDatabase;
  readonly to: string;
  readonly name: string;
  /** What is there, the newest first; not read. */
  readonly dumps: readonly string[];
  /** What would be removed after it, if all that would be kept is good. */
  readonly old: readonly string[];
}

/** Looks at the places; connects to no database and changes nothing. */
export async function previewBackup(
  around: Pick<Surroundings, 'env' | 'settings'>,
  now = new Date(),
): Promise<readonly BackupPreview[]> {
  const { sources, places, keep, encryption } = await planBackup(around);
  const previews: BackupPreview[] = [];
  try {
    for (const place of places) {
      await place.check();
      const names = await place.names();
      for (const { database } of sources) {
        const dumps = dumpsIn(names, database);
        const made = dumpOf(database, now, encryption?.cipher);
        const { old } = await rotate([made, ...dumps], keep, async () => true);
        const named = (all: typeof dumps): readonly string[] => all.map(({ name }) => name);
        previews.push({ database, to: place.shown, name: made.name, dumps: named(dumps), old: named(old) });
      }
    }
    return previews;
  } finally {
    for (const place of places) await place.close();
  }
}

/** Marks the backup directory: from then on, an unmounted disk is noticed. Returns its path. */
export async function prepareBackup(around: Pick<Surroundings, 'settings'>): Promise<string> {
  const { COLDROOM_BACKUP_DIR: directory } = around.settings('backup');
  if (directory === undefined) throw new UsageError('--prepare needs COLDROOM_BACKUP_DIR, the directory to prepare');
  try {
    await writeMarker(directory, backupMarker);
  } catch (error) {
    throw placeFailed(error, directory);
  }
  return directory;
}

/** Fails while the backup directory, if one is set, cannot be used. */
export async function checkBackupDirectory(around: Pick<Surroundings, 'settings'>): Promise<void> {
  const { COLDROOM_BACKUP_DIR: directory } = around.settings('backup');
  if (directory === undefined) return;
  const place = new DirectoryPlace(directory);
  try {
    await place.check();
  } finally {
    await place.close();
  }
}
