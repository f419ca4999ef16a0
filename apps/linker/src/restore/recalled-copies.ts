import { renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { codeOf, Refused, crashPoint, type ArchiveFile, type Identity } from '@coldroom/domain';
import { identify, openDirectory, typeOf, type Directory, type Root } from '@coldroom/files';
import { isFetched } from '@coldroom/trees';
import { dropStaged, pathOf, refuse, type Name } from './restore';
import { inspect, type Guard, type Place } from '../paths/inspect';
import { lookAgain } from '../paths/look-again';

/*
 * Recalled copies in a recall directory: placed there, and removed when their time is over. The copy in the store
 * stays. Each function works on one file and may be run again after a crash. The directories that links lead into stay
 * protected.
 */

/**
 * Places a recalled file where the link leads. What an earlier recall left there is a recalled copy and is replaced.
 */
export async function recallOne(
  place: Place,
  { staged, online }: { readonly staged: Name; readonly online: Name },
  file: ArchiveFile,
  guard: Guard,
): Promise<void> {
  const found = await inspect(place);
  const lying = await identify(pathOf(online));
  if (found.kind === 'our-link' && lying !== null && isFetched(lying, file)) return; // an earlier run got this far
  await lookAgain(place, () => refuse(place, staged, file));
  if (lying !== null && typeOf(lying.mode) !== 'file')
    throw new Refused('PATH_TAKEN', 'something that is not a recalled copy is where the recalled file belongs');
  await guard();
  online.directory.change(() => renameSync(pathOf(staged), pathOf(online)));
  crashPoint('place:1-swapped');
}

/** Removes a recalled copy and the directories that it leaves empty, up to the bag's. One that is gone is no error. */
export async function dropRecalled(root: Root, path: Buffer, file: ArchiveFile, guard: Guard): Promise<void> {
  await inDirectoryOf(root, path, { protect: true }, async (online) => {
    const lying = await identify(pathOf(online));
    if (lying !== null) {
      if (!isOnline(lying, file))
        throw new Refused(
          'RECALLED_COPY_CHANGED',
          "what is at the recalled copy's place is not what was put there; it was left there",
        );
      await guard();
      online.directory.change(() => unlinkSync(pathOf(online)));
    }
    crashPoint('expire:1-removed');
  });
}

/** Removes what was fetched for a cancelled recall, whether complete or not. */
export async function dropFetching(root: Root, path: Buffer, place: Place, guard: Guard): Promise<void> {
  await inDirectoryOf(root, path, {}, (staged) => dropStaged(place, staged, guard));
}

/**
 * Does something to a name below a recall directory if its directory exists, syncs that, and removes it if it is empty.
 */
async function inDirectoryOf(
  root: Root,
  path: Buffer,
  options: { readonly protect?: boolean },
  act: (name: Name) => Promise<void>,
): Promise<void> {
  const slash = path.lastIndexOf('/');
  const directory = await opened(root, path.subarray(0, slash), options);
  if (!directory) return;
  try {
    await act({ directory, name: path.subarray(slash + 1) });
    await directory.sync();
  } finally {
    await directory.close();
  }
  await dropEmpty(root, path.subarray(0, slash), options);
}

async function dropEmpty(root: Root, path: Buffer, options: { readonly protect?: boolean }): Promise<void> {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const slash = path.lastIndexOf('/', end - 1);
    const parent = await opened(root, path.subarray(0, Math.max(slash, 0)), options);
    if (!parent) return;
    try {
      parent.change(() => rmdirSync(parent.at(path.subarray(slash + 1, end))));
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error))) return; // others are still online
      throw error;
    } finally {
      await parent.close();
    }
  }
}

async function opened(
  root: Root,
  path: Buffer,
  options: { readonly protect?: boolean },
): Promise<Directory | undefined> {
  try {
    return await openDirectory(root, path, options);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await root.check(); // an unmounted root says nothing about what is in it
    return undefined;
  }
}

/** Files in a recall directory are ours; a restore that was requested since has overwritten even the recorded inode. */
function isOnline(now: Identity, file: ArchiveFile): boolean {
  return file.fetched !== null && file.retrieval === 'recall'
    ? isFetched(now, file)
    : typeOf(now.mode) === 'file' && now.size === file.size;
}
