import { linkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { codeOf, Refused, crashPoint, type ArchiveFile, type Identity, type OnDisk } from '@coldroom/domain';
import { identify, renameExchangeSync, typeOf } from '@coldroom/files';
import {
  at,
  besideAt,
  besideName,
  expectHeld,
  expectSame,
  heldAt,
  isOurLink,
  look,
  sameFile,
  type Before,
  type Place,
} from './look';

/*
 * The only code that makes an original go away. Every function works on one file, in open directories that were walked
 * without following links, and may be run again after a crash at any line.
 *
 * What takes a name or gives one is called synchronously, right after the look at our claim: a call that waits in a queue
 * could be carried out long after the claim was lost, by a process that was frozen and wakes up.
 */

/** Gives the original a second name in the hold directory, and says what is held. Sync that directory before the swap. */
export async function hold(place: Place, file: ArchiveFile, before: Before): Promise<Identity> {
  await before();
  try {
    linkSync(at(place), heldAt(place));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw holdFailed(error);
  }
  crashPoint('link:1-held');
  return expectHeld(place, file);
}

/**
 * Puts our link in the original's place, in one step: the two swap names, and what came out is looked at before its
 * second name goes. Where that is not the held original it is put back at once. Sync the directory afterwards.
 */
export async function swapIn(place: Place, file: ArchiveFile, before: Before): Promise<void> {
  await makeLink(place, before);
  crashPoint('link:3-link-made');
  await expectHeld(place, file);
  await before();
  try {
    renameExchangeSync(besideAt(place), at(place));
  } catch (error) {
    if (codeOf(error) !== 'EXCHANGE_NOT_SUPPORTED') throw error;
    await expectHeld(place, file); // this rename takes the original's name away for good
    await expectSame(at(place), file);
    renameSync(besideAt(place), at(place));
  }
  crashPoint('link:4-swapped');
  await clearBeside(place, file);
}

/** Ends what a crash after the swap left: the original's name beside the link goes, once it is known to be held. */
export async function clearBeside(place: Place, file: ArchiveFile): Promise<void> {
  const beside = await identify(besideAt(place));
  if (beside === null) return;
  if (typeOf(beside.mode) === 'link' && (await isOurLink(besideAt(place), place))) {
    await unlink(besideAt(place));
    return;
  }
  const held = await identify(heldAt(place));
  const isOriginal = held !== null && sameFile(held, file);
  if (isOriginal && held.dev === beside.dev && held.ino === beside.ino) {
    await unlink(besideAt(place));
    return;
  }
  await giveBackBeside(place);
  if (held === null)
    throw new Refused('HOLD_MISSING', 'the original was not held any more; it was put back in its place');
  if (!isOriginal)
    throw new Refused(
      'HELD_CHANGED',
      'what is held is not the original that was hashed; what had stood at the path was put back',
    );
  throw new Refused(
    'ORIGINAL_CHANGED',
    "another file came to the original's place at the last moment; it was left there",
  );
}

/** What came out of the swap goes back to the path, and our link with it. */
async function giveBackBeside(place: Place): Promise<void> {
  if (!(await isOurLink(at(place), place)))
    throw new Refused(
      'PATH_TAKEN',
      `something that is not ours stands at the path, and what was there before lies beside it as ${besideName(place).toString()}`,
    );
  renameExchangeSync(besideAt(place), at(place));
  if (await isOurLink(besideAt(place), place)) return unlinkSync(besideAt(place));
  renameExchangeSync(besideAt(place), at(place));
  throw new Refused(
    'PATH_TAKEN',
    `something else came to the path at the last moment; it was left there, and what was there before lies beside it as ${besideName(place).toString()}`,
  );
}

/** Puts the held original back in the link's place, in one step. Sync both directories afterwards. */
export async function putBack(place: Place, file: ArchiveFile, before: Before): Promise<void> {
  const found = await look(place);
  if (found.kind === 'our-link') {
    await clearBeside(place, file);
    await expectHeld(place, file);
    await before();
    await swapOut(place);
  } else if (found.kind !== 'file' || !sameFile(found.identity, file)) {
    if (await letGo(place, file, found, before)) return;
    throw found.kind === 'missing'
      ? new Refused('LINK_GONE', 'the link is gone; was the image deleted in OMERO? The original is still held')
      : new Refused(
          'PATH_TAKEN',
          "something that is not ours stands at the original's path; the original is still held",
        );
  }
  crashPoint('undo:1-swapped');
  await clearAfterUndo(place, file);
}

/** Frees the space of the held original. May be repeated: a held original that is gone already is no error. */
export async function release(place: Place, before: Before): Promise<void> {
  await before();
  try {
    unlinkSync(heldAt(place));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  crashPoint('release:1-removed');
}

/**
 * Others changed or removed the original before its place was taken: what stands there stays, and only our own second name
 * of it goes. False where the original itself is held; `Refused` `HOLD_MISSING` where it was linked once and is nowhere.
 */
async function letGo(place: Place, file: ArchiveFile, found: OnDisk, before: Before): Promise<boolean> {
  const held = await identify(heldAt(place));
  if (held === null && file.linkedAt === null) return true;
  if (held === null)
    throw new Refused(
      'HOLD_MISSING',
      'the original is neither at its path nor held where it should be; nothing more was done',
    );
  const secondName = found.kind === 'file' && found.identity.dev === held.dev && found.identity.ino === held.ino;
  if (!secondName) return false;
  await before();
  if (await isOurLink(besideAt(place), place)) await unlink(besideAt(place));
  await unlink(heldAt(place));
  return true;
}

async function swapOut(place: Place): Promise<void> {
  try {
    renameExchangeSync(heldAt(place), at(place));
  } catch (error) {
    if (codeOf(error) !== 'EXCHANGE_NOT_SUPPORTED') throw error;
    if (!(await isOurLink(at(place), place))) throw new Refused('PATH_TAKEN', 'the link changed at the last moment');
    renameSync(heldAt(place), at(place));
    return;
  }
  if (await isOurLink(heldAt(place), place)) return;
  renameExchangeSync(heldAt(place), at(place));
  throw new Refused('PATH_TAKEN', "something else came to the link's place at the last moment; it was left there");
}

/** The original is in its place: the link or second name in the hold directory, and a link beside, go. */
async function clearAfterUndo(place: Place, file: ArchiveFile): Promise<void> {
  await expectSame(at(place), file);
  const held = await identify(heldAt(place));
  if (held !== null) {
    const ours = typeOf(held.mode) === 'link' ? await isOurLink(heldAt(place), place) : sameFile(held, file);
    if (!ours) throw new Refused('HELD_CHANGED', 'what stands in the hold directory is not ours; it was left there');
    await unlink(heldAt(place));
  }
  if (await isOurLink(besideAt(place), place)) await unlink(besideAt(place));
}

/** Makes our link under the name beside the original; `Refused` `TARGET_EXISTS` where something else has that name. */
export async function makeLink(place: Place, before: Before): Promise<void> {
  await before();
  try {
    symlinkSync(place.target, besideAt(place));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (await isOurLink(besideAt(place), place)) return;
    throw new Refused(
      'TARGET_EXISTS',
      `something that is not ours stands beside the original under the name ${besideName(place).toString()}`,
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
