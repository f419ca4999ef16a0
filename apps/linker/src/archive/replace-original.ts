import { linkSync, symlinkSync, unlinkSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { codeOf, Refused, crashPoint, type ArchiveFile, type Identity, type OnDisk } from '@coldroom/domain';
import { identify, typeOf } from '@coldroom/files';
import { exchange, exchangeLink, exchangeOrRename } from '../paths/exchange';
import {
  originalPath,
  tempPath,
  tempName,
  expectHeld,
  expectSame,
  heldPath,
  isOurLink,
  inspect,
  sameFile,
  type Guard,
  type Place,
} from '../paths/inspect';
import { lookAgain } from '../paths/look-again';
import { whyNotPermitted } from './why-refused';

/*
 * The only code that removes an original. Every function works on one file, in open directories that were reached
 * without following links, and may be run again after a crash at any line.
 *
 * Calls that take or give a name are synchronous and come immediately after the check of our claim: a call that waits
 * in a queue could be carried out long after the claim was lost, by a process that was frozen and wakes up.
 */

/**
 * Gives the original a second name in the hold directory and returns what is held. Sync that directory before the swap.
 */
export async function hold(place: Place, file: ArchiveFile, guard: Guard): Promise<Identity> {
  await guard();
  try {
    linkSync(originalPath(place), heldPath(place));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw holdFailed(whyNotPermitted(error, place));
  }
  crashPoint('link:1-held');
  return lookAgain(place, () => expectHeld(place, file));
}

/**
 * Puts our link in the original's place in one step: the two swap names, and what came out is checked before its second
 * name is removed. If that is not the held original, it is put back at once. Sync the directory afterwards.
 */
export async function replaceOriginal(place: Place, file: ArchiveFile, guard: Guard): Promise<void> {
  await makeLink(place, guard);
  crashPoint('link:3-link-made');
  await lookAgain(place, () => expectHeld(place, file));
  await guard();
  await exchangeOrRename({
    from: tempPath(place),
    path: originalPath(place),
    beforeRename: async () => {
      await expectHeld(place, file);
      await expectSame(originalPath(place), file);
    },
  });
  crashPoint('link:4-swapped');
  await clearTemp(place, file);
}

/**
 * Completes what a crash after the swap left: removes the original's name beside the link, once it is known to be held.
 */
export async function clearTemp(place: Place, file: ArchiveFile): Promise<void> {
  const beside = await identify(tempPath(place));
  if (beside === null) return;
  if (typeOf(beside.mode) === 'link' && (await isOurLink(tempPath(place), place))) {
    await unlink(tempPath(place));
    return;
  }
  const held = await identify(heldPath(place));
  const isOriginal = held !== null && sameFile(held, file);
  if (isOriginal && held.dev === beside.dev && held.ino === beside.ino) {
    await unlink(tempPath(place));
    return;
  }
  await returnToOriginalPath(place);
  if (held === null) throw new Refused('HOLD_MISSING', 'the original was no longer held; it was put back in its place');
  if (!isOriginal)
    throw new Refused(
      'HELD_CHANGED',
      'what is held is not the original that was hashed; what was at the path was put back',
    );
  throw new Refused(
    'ORIGINAL_CHANGED',
    "another file came to the original's place at the last moment; it was left there",
  );
}

/** Returns what came out of the swap to the path, and removes our link. */
async function returnToOriginalPath(place: Place): Promise<void> {
  if (!(await isOurLink(originalPath(place), place)))
    throw new Refused(
      'PATH_TAKEN',
      `something that is not ours is at the path, and what was there before is beside it as ${tempName(place).toString()}`,
    );
  await exchange({
    from: tempPath(place),
    path: originalPath(place),
    unexpected: async () =>
      (await isOurLink(tempPath(place), place))
        ? undefined
        : new Refused(
            'PATH_TAKEN',
            `something else came to the path at the last moment; it was left there, and what was there before is beside it as ${tempName(place).toString()}`,
          ),
  });
  unlinkSync(tempPath(place));
}

/** Puts the held original back in the link's place in one step. Sync both directories afterwards. */
export async function undoLink(place: Place, file: ArchiveFile, guard: Guard): Promise<void> {
  const found = await inspect(place);
  if (found.kind === 'our-link') {
    await clearTemp(place, file);
    await lookAgain(place, () => expectHeld(place, file));
    await guard();
    await exchangeLink({
      from: heldPath(place),
      path: originalPath(place),
      isLink: (name) => isOurLink(name, place),
    });
  } else if (found.kind !== 'file' || !sameFile(found.identity, file)) {
    if (await dropHeldName(place, file, found, guard)) return;
    throw found.kind === 'missing'
      ? new Refused('LINK_GONE', 'the link is gone; was the image deleted in OMERO? The original is still held')
      : new Refused('PATH_TAKEN', "something that is not ours is at the original's path; the original is still held");
  }
  crashPoint('undo:1-swapped');
  await clearAfterUndo(place, file);
}

/** Frees the space of the held original. May be repeated: a held original that is already gone is no error. */
export async function release(place: Place, guard: Guard): Promise<void> {
  await guard();
  try {
    unlinkSync(heldPath(place));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  crashPoint('release:1-removed');
}

/**
 * For an original that others changed or removed before its place was taken: what is at the path stays, and only our
 * own second name of it is removed. False where the original itself is held; `Refused` `HOLD_MISSING` where it was once
 * linked and is nowhere.
 */
async function dropHeldName(place: Place, file: ArchiveFile, found: OnDisk, guard: Guard): Promise<boolean> {
  const held = await identify(heldPath(place));
  if (held === null && file.linkedAt === null) return true;
  if (held === null)
    throw new Refused(
      'HOLD_MISSING',
      'the original is neither at its path nor held where it should be; nothing more was done',
    );
  const secondName = found.kind === 'file' && found.identity.dev === held.dev && found.identity.ino === held.ino;
  if (!secondName) return false;
  await guard();
  if (await isOurLink(tempPath(place), place)) await unlink(tempPath(place));
  await unlink(heldPath(place));
  return true;
}

/**
 * The original is in its place: removes the link or second name in the hold directory, and a link beside the original.
 */
async function clearAfterUndo(place: Place, file: ArchiveFile): Promise<void> {
  await expectSame(originalPath(place), file);
  const held = await identify(heldPath(place));
  if (held !== null) {
    const ours = typeOf(held.mode) === 'link' ? await isOurLink(heldPath(place), place) : sameFile(held, file);
    if (!ours) throw new Refused('HELD_CHANGED', 'what is in the hold directory is not ours; it was left there');
    await unlink(heldPath(place));
  }
  if (await isOurLink(tempPath(place), place)) await unlink(tempPath(place));
}

/**
 * Creates our link under the name beside the original; `Refused` `TARGET_EXISTS` where something else has that name.
 */
export async function makeLink(place: Place, guard: Guard): Promise<void> {
  await guard();
  try {
    symlinkSync(place.target, tempPath(place));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (await isOurLink(tempPath(place), place)) return;
    throw new Refused(
      'TARGET_EXISTS',
      `something that is not ours is beside the original under the name ${tempName(place).toString()}`,
    );
  }
}

function holdFailed(error: unknown): unknown {
  switch (codeOf(error)) {
    case 'EXDEV':
      return new Refused(
        'HOLD_ON_OTHER_FILE_SYSTEM',
        'the hold directory is on another file system than the original; name one on the same with COLDROOM_HOLD_DIRS',
      );
    case 'EPERM':
      return new Refused(
        'HOLD_NOT_ALLOWED',
        "the system does not let us make a hard link to the original; run the linker as the user that owns OMERO's files",
        {},
        { cause: error },
      );
    default:
      return error;
  }
}
