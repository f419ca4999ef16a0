import { Refused } from '@coldroom/domain';
import { typeOf, type Files } from '@coldroom/files';
import { shownPlace, type OrderPlaces } from './places';

const othersMayWrite = 0o022;

/**
 * The directory for locks is ours alone: whoever else may write there could replace what OMERO reads. `Refused`
 * `IMPORT_LOCKS_NOT_OURS`. A missing one is made when it is needed.
 */
export async function checkLocksAreOurs(files: Files, { buffer, root }: OrderPlaces): Promise<void> {
  const below = buffer.locks.startsWith(`${buffer.directory}/`);
  // A directory elsewhere is a root: its marker was read, and its mode is the site's.
  if (!below) return;
  const place = { root: root.directory, path: Buffer.from(buffer.locks.slice(buffer.directory.length + 1)) };
  const [found] = await files.inspect([place]);
  if (!found || found.kind === 'missing') return;
  if (found.kind === 'refused') throw found.error;
  const { mode, uid } = found.identity;
  if (typeOf(mode) === 'directory' && uid === process.geteuid!() && (mode & othersMayWrite) === 0) return;
  throw new Refused(
    'IMPORT_LOCKS_NOT_OURS',
    `${shownPlace(place)} is not a directory that belongs to the importer's user and that no one else may write to. Move it elsewhere, or give it to that user with mode 0750, and retry.`,
  );
}
