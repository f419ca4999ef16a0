import { codeOf, ColdroomError, messageOf, Refused, Transient } from '@coldroom/domain';
import { ownerName } from './names';
import type { BackupPlace } from './place';

/** What a failed call of the system means for a place. */
export function placeFailed(error: unknown, shown: string): Error {
  if (error instanceof ColdroomError) return error;
  const code = codeOf(error);
  if (!/^E[A-Z0-9]+$/.test(code)) return error instanceof Error ? error : new Error(messageOf(error));
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Refused(
      'BACKUP_NO_SPACE',
      `There is not enough space in ${shown} (${code}). No backup was removed. Make room there, or keep fewer (COLDROOM_BACKUP_KEEP), then run "coldroom backup" again`,
      { place: shown },
      { cause: error },
    );
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new Refused(
      'BACKUP_PLACE_NOT_WRITABLE',
      `This user may not write to ${shown} (${messageOf(error)}). Give it to the user that runs the backup: chown`,
      { place: shown },
      { cause: error },
    );
  return new Transient(
    'BACKUP_PLACE_FAILED',
    `${shown} cannot be used now (${messageOf(error)}). No backup was removed. Check its disk and mount`,
    { place: shown },
    { cause: error },
  );
}

/** A place that belongs to no register yet belongs to this one from now on; `Refused` if it belongs to another. */
export async function belongTo(place: BackupPlace, id: string): Promise<void> {
  if ((await place.owner()) === undefined) await place.claim(id);
  const owner = await place.owner();
  if (owner === id) return;
  throw new Refused(
    'BACKUP_PLACE_NOT_OURS',
    `${place.shown} has the backups of another register: ${ownerName} in it says ${owner}, and this register has the id ${id}. Nothing was changed there. Give each Coldroom a place of its own; if this register replaces that one, remove ${ownerName}`,
    { place: place.shown, owner, register: id },
  );
}

export function damaged(name: string, shown: string): Refused {
  return new Refused(
    'BACKUP_DUMP_DAMAGED',
    `${name} in ${shown} is not what its checksum says. Do not restore it; use another one, and check the disk`,
    { name },
  );
}
