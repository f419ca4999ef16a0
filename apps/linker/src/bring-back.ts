import { renameSync, unlinkSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { codeOf, reasonsToKeepLink, Refused, step, type ArchiveFile, type AtPath, type Identity } from '@coldroom/domain';
import { identify, openDirectory, renameExchangeSync, typeOf, type Directory, type Root } from '@coldroom/files';
import { at, heldAt, isOurLink, look, putBack, sameFile, type Before, type Place } from './swap';

/*
 * Puts back what was fetched and proven. Nothing is replaced but our own link, and nothing removed but that link, our own
 * second names, and near copies whose time is over. Each function works on one file and may be run again after a crash.
 */

/** A name in an open directory. */
export interface Name {
  readonly directory: Directory;
  readonly name: Buffer;
}

const pathOf = ({ directory, name }: Name): Buffer => directory.at(name);

/** The fetched file takes the link's place, in one step. An original that is still held goes first: it never left. */
export async function restoreOne(place: Place, staged: Name, file: ArchiveFile, before: Before): Promise<void> {
  const held = await identify(heldAt(place));
  if (held !== null && sameFile(held, file)) await putBack(place, file, before);
  else await swapBack(place, staged, file, before);
  step('place:1-swapped');
  await tidyStaged(place, staged, file, before);
  step('place:2-tidied');
}

async function swapBack(place: Place, staged: Name, file: ArchiveFile, before: Before): Promise<void> {
  const found = await look(place);
  if (found.kind === 'file' && isFetched(found.identity, file)) return; // an earlier run came this far
  refuse(file, found.kind === 'our-link' || found.kind === 'missing' ? found.kind : 'other', await identify(pathOf(staged)));
  await before();
  try {
    renameExchangeSync(pathOf(staged), at(place));
  } catch (error) {
    if (codeOf(error) !== 'EXCHANGE_NOT_SUPPORTED') throw error;
    if (!await isOurLink(at(place), place)) throw new Refused('PATH_TAKEN', 'the link changed at the last moment; it was left there');
    renameSync(pathOf(staged), at(place));
    return;
  }
  const now = await identify(at(place));
  if (now !== null && isFetched(now, file) && await isOurLink(pathOf(staged), place)) return;
  renameExchangeSync(pathOf(staged), at(place));
  throw new Refused('PATH_TAKEN', 'something else came to the link\'s place at the last moment; it was left there');
}

/** The link that came out goes, and so does what was fetched where the held original took the place. */
async function tidyStaged(place: Place, staged: Name, file: ArchiveFile, before: Before): Promise<void> {
  const left = await identify(pathOf(staged));
  if (left === null) return;
  const ours = typeOf(left.mode) === 'link' ? await isOurLink(pathOf(staged), place) : isFetched(left, file);
  if (!ours) throw new Refused('FETCHED_CHANGED', 'what lies in staging is not what was fetched; it was left there, and the file is back in its place');
  await before();
  unlinkSync(pathOf(staged));
}

/** Places a recalled file where the link leads. What an earlier recall left there is a near copy, and gives way. */
export async function recallOne(place: Place, staged: Name, near: Name, file: ArchiveFile, before: Before): Promise<void> {
  const found = await look(place);
  const lying = await identify(pathOf(near));
  if (found.kind === 'our-link' && lying !== null && isFetched(lying, file)) return;
  refuse(file, found.kind === 'our-link' || found.kind === 'missing' ? found.kind : 'other', await identify(pathOf(staged)));
  if (lying !== null && typeOf(lying.mode) !== 'file') throw new Refused('PATH_TAKEN', 'something that is no near copy stands where the recalled file belongs');
  await before();
  renameSync(pathOf(staged), pathOf(near));
  step('place:1-swapped');
}

/** Drops a near copy and the directories that it leaves empty, up to the bag's. One that is gone is no error. */
export async function dropNear(root: Root, path: Buffer, file: ArchiveFile, before: Before): Promise<void> {
  const slash = path.lastIndexOf('/');
  const directory = await opened(root, path.subarray(0, slash));
  if (!directory) return;
  try {
    const near = { directory, name: path.subarray(slash + 1) };
    const lying = await identify(pathOf(near));
    if (lying !== null) {
      if (!isNear(lying, file)) throw new Refused('NEAR_CHANGED', 'what lies at the near copy\'s place is not what was put there; it was left there');
      await before();
      unlinkSync(pathOf(near));
    }
    step('expire:1-removed');
    await directory.sync();
  } finally {
    await directory.close();
  }
  await dropEmpty(root, path.subarray(0, slash));
}

async function dropEmpty(root: Root, path: Buffer): Promise<void> {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const slash = path.lastIndexOf('/', end - 1);
    const parent = await opened(root, path.subarray(0, Math.max(slash, 0)));
    try {
      await rmdir(parent?.at(path.subarray(slash + 1, end)) ?? Buffer.alloc(0));
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error))) return; // others are near still
      throw error;
    } finally {
      await parent?.close();
    }
  }
}

async function opened(root: Root, path: Buffer): Promise<Directory | undefined> {
  try {
    return await openDirectory(root, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await root.check(); // an unmounted root says nothing about what is in it
    return undefined;
  }
}

function refuse(file: ArchiveFile, atPath: AtPath, staged: Identity | null): void {
  const reasons = reasonsToKeepLink(file, atPath, staged, true);
  const [first] = reasons;
  if (first) throw new Refused(first.code, reasons.map((reason) => reason.message).join('; '));
}

/** A rename renews ctime; the rest stays that of the file that was proven. */
function isFetched(now: Identity, { fetched }: ArchiveFile): boolean {
  return fetched !== null && typeOf(now.mode) === 'file' && now.dev === fetched.dev && now.ino === fetched.ino && now.size === fetched.size && now.mtimeNs === fetched.mtimeNs;
}

/** What lies in a recall directory is ours; who asked for a restore since has made us forget the very inode. */
function isNear(now: Identity, file: ArchiveFile): boolean {
  return file.fetched !== null && file.wayBack === 'recall' ? isFetched(now, file) : typeOf(now.mode) === 'file' && now.size === file.size;
}
