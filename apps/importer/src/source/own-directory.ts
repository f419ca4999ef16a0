import { Refused } from '@coldroom/domain';
import type { BufferSettings } from '@coldroom/buffers';
import { identify, typeOf } from '@coldroom/files';

const othersMayWrite = 0o022;

/**
 * The directory for locks is ours alone: whoever else may write there could replace what OMERO reads. `Refused`
 * `IMPORT_LOCKS_NOT_OURS`. A missing one is made when it is needed.
 */
export async function checkLocksAreOurs({ locks }: Pick<BufferSettings, 'locks'>): Promise<void> {
  const found = await identify(locks);
  if (!found) return;
  const { mode, uid } = found;
  if (typeOf(mode) === 'directory' && uid === process.geteuid!() && (mode & othersMayWrite) === 0) return;
  throw new Refused(
    'IMPORT_LOCKS_NOT_OURS',
    `${locks} is not a directory that belongs to the importer's user and that no one else may write to. Move it elsewhere, or give it to that user with mode 0750, and retry.`,
  );
}
