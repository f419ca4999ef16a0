import { codeOf, type ArchiveFile, type Work } from '@coldroom/domain';
import { identify, typeOf, type Files } from '@coldroom/files';
import { heldPath } from './inspect';
import type { Places } from './places';

/** What is needed to read a held original. */
export interface HeldReader {
  readonly places: Places;
  readonly files: Files;
  readonly work: Work;
}

/**
 * Does `act`, and where it finds that another file is held (`HELD_CHANGED`), reads that file: some file systems give all
 * files other inode numbers after a remount. If everything else is as recorded, content included, `act` is done again
 * for the number that the original has now. Otherwise the refusal stands.
 */
export async function orHeldByContent<T>(
  reader: HeldReader,
  file: ArchiveFile,
  act: (file: ArchiveFile) => Promise<T>,
): Promise<T> {
  try {
    return await act(file);
  } catch (error) {
    const known = codeOf(error) === 'HELD_CHANGED' ? await withPresentNumber(reader, file) : undefined;
    if (known === undefined) throw error;
    return act(known);
  }
}

/** The file with the inode number of what is held, if that has its size, time and SHA-256, read from the disk. */
async function withPresentNumber(
  { places, files, work }: HeldReader,
  file: ArchiveFile,
): Promise<ArchiveFile | undefined> {
  const held = await identify(heldPath(await places.of(file)));
  const { size, mtimeNs, ino } = file.identity;
  const otherNumberOnly =
    held !== null && typeOf(held.mode) === 'file' && held.size === size && held.mtimeNs === mtimeNs && held.ino !== ino;
  if (!otherNumberOnly) return undefined;
  const source = { ...(await places.held(file)), algorithms: ['SHA-256'] as const, expect: held };
  const [outcome] = await files.hash([source], { direct: true }, work);
  if (!outcome || 'error' in outcome) throw outcome?.error ?? new Error('no answer');
  const digest = file.digests['SHA-256'];
  if (digest === undefined || outcome.ok.digests['SHA-256'] !== digest) return undefined;
  return { ...file, identity: { ...file.identity, ino: held.ino } };
}
