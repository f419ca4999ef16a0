import { Refused } from '@coldroom/domain';
import { registerSchema } from '@coldroom/register';
import type { Settings } from '@coldroom/runtime';
import { openFolder } from '@coldroom/stores';
import type { Surroundings } from '../surroundings';
import { BucketPlace } from './bucket-place';
import { DirectoryPlace } from './directory-place';
import type { Encryption } from './encryption';
import type { DumpedDatabase } from './names';
import type { BackupPlace } from './place';
import type { Keep } from './rotation';

export interface DumpSource {
  readonly database: DumpedDatabase;
  /** For people. */
  readonly about: string;
  readonly url: string;
  readonly schema?: string;
}

/** What a backup does: each source is dumped to each place. */
export interface BackupPlan {
  readonly sources: readonly DumpSource[];
  readonly places: readonly BackupPlace[];
  readonly keep: Keep;
  readonly encryption: Encryption | undefined;
}

type BackupSettings = Settings<'register' | 'backup'>;

/** `Refused` `BACKUP_NOT_CONFIGURED` if no place is set. */
export async function planBackup(around: Pick<Surroundings, 'env' | 'settings'>): Promise<BackupPlan> {
  const settings = around.settings('register', 'backup');
  return {
    sources: sourcesOf(settings),
    places: await placesOf(settings, around.env),
    keep: settings.COLDROOM_BACKUP_KEEP,
    encryption: encryptionOf(settings),
  };
}

/** `Refused` `BACKUP_NOT_CONFIGURED` if no place is set. */
export function refuseWithoutPlace(settings: Settings<'backup'>): void {
  if (settings.COLDROOM_BACKUP_DIR !== undefined || settings.COLDROOM_BACKUP_BUCKET !== undefined) return;
  throw new Refused(
    'BACKUP_NOT_CONFIGURED',
    'No place for backups is set: set COLDROOM_BACKUP_DIR to a directory on another disk, or COLDROOM_BACKUP_BUCKET (docs/backup-and-restore.md)',
  );
}

/** The places that the settings name; opened at their first use. */
export async function placesOf(settings: Settings<'backup'>, env: NodeJS.ProcessEnv): Promise<readonly BackupPlace[]> {
  const { COLDROOM_BACKUP_DIR: directory, COLDROOM_BACKUP_BUCKET: bucket } = settings;
  const places: readonly BackupPlace[] = [
    ...(directory === undefined ? [] : [new DirectoryPlace(directory)]),
    ...(bucket === undefined ? [] : [new BucketPlace(await openFolder(bucket, (name) => env[name]))]),
  ];
  refuseWithoutPlace(settings);
  return places;
}

function sourcesOf({
  REGISTER_DATABASE_URL: register,
  BACKUP_OMERO_DATABASE_URL: omero,
}: BackupSettings): readonly DumpSource[] {
  return [
    { database: 'register', about: 'the register', url: register, schema: registerSchema },
    ...(omero === undefined ? [] : [{ database: 'omero' as const, about: "OMERO's database", url: omero }]),
  ];
}

function encryptionOf({
  COLDROOM_BACKUP_AGE_RECIPIENT: recipient,
  COLDROOM_BACKUP_GPG_KEY: keyFile,
}: Settings<'backup'>): Encryption | undefined {
  if (recipient !== undefined) return { cipher: 'age', recipient };
  return keyFile === undefined ? undefined : { cipher: 'gpg', keyFile };
}
