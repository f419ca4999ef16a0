import { codeOf, type ArchiveFile, type Identity, type Work } from '@coldroom/domain';
import { identify, typeOf, type Files } from '@coldroom/files';
import type { Originals } from '@coldroom/trees';
import { heldPath, originalPath } from './inspect';
import type { Places } from './places';

/** What is needed to read an original, wherever it is. */
export interface OriginalReader {
  readonly places: Places;
  readonly originals: Originals;
  readonly files: Files;
  readonly work: Work;
}

/** What is found of an original that has another inode number than the register knows. */
const mistaken = ['HELD_CHANGED', 'PATH_TAKEN', 'HOLD_MISSING', 'ORIGINAL_CHANGED'];

/**
 * Does `act`, and where it takes the original for another file, reads that file: some file systems give all files other
 * inode numbers after a remount. If everything else is as recorded, content included, `act` is done again for the number
 * that the original has now. Otherwise the refusal stands. Reading may take hours: `act` must not rely on what was found
 * before.
 */
export async function orHeldByContent<T>(
  reader: OriginalReader,
  file: ArchiveFile,
  act: (file: ArchiveFile) => Promise<T>,
): Promise<T> {
  try {
    return await act(file);
  } catch (error) {
    const known = mistaken.includes(codeOf(error)) ? await withPresentNumber(reader, file) : undefined;
    if (known === undefined) throw error;
    return act(known);
  }
}

/**
 * The file with the inode number that it has now: of what is held, or where no file is held (an undo was interrupted), of
 * what is at its path; if that has its size, time and SHA-256, read from the disk.
 */
async function withPresentNumber(reader: OriginalReader, file: ArchiveFile): Promise<ArchiveFile | undefined> {
  const { places, originals, files, work } = reader;
  const place = await places.of(file);
  const held = await identify(heldPath(place));
  const isHeld = isFile(held);
  const found = isHeld ? held : await identify(originalPath(place));
  if (!isFile(found) || !otherNumberOnly(found, file)) return undefined;
  const where = isHeld ? await places.held(file) : { root: originals.directory(file.root), path: file.path };
  const source = { ...where, algorithms: ['SHA-256'] as const, expect: found };
  const [outcome] = await files.hash([source], { direct: true }, work);
  if (!outcome || 'error' in outcome) throw outcome?.error ?? new Error('no answer');
  const digest = file.digests['SHA-256'];
  if (digest === undefined || outcome.ok.digests['SHA-256'] !== digest) return undefined;
  return { ...file, identity: { ...file.identity, ino: found.ino } };
}

const isFile = (found: Identity | null): found is Identity => found !== null && typeOf(found.mode) === 'file';

const otherNumberOnly = (now: Identity, { identity: then }: ArchiveFile): boolean =>
  now.size === then.size && now.mtimeNs === then.mtimeNs && now.ino !== then.ino;
