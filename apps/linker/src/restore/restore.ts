import { unlinkSync } from 'node:fs';
import { reasonsToKeepLink, Refused, crashPoint, type ArchiveFile } from '@coldroom/domain';
import { identify, typeOf, type Directory } from '@coldroom/files';
import { isFetched } from '@coldroom/trees';
import { exchangeLink } from '../paths/exchange';
import {
  originalPath,
  heldPath,
  isOurLink,
  inspect,
  inspectArchived,
  sameFile,
  type Guard,
  type Place,
} from '../paths/inspect';
import { lookAgain } from '../paths/look-again';
import { undoLink } from '../archive/replace-original';

/*
 * Puts back what was fetched and proven. Only our own link is replaced; only that link, our own second names and files
 * in staging are removed. Each function works on one file and may be run again after a crash.
 */

/** A name in an open directory. */
export interface Name {
  readonly directory: Directory;
  readonly name: Buffer;
}

export const pathOf = ({ directory, name }: Name): Buffer => directory.at(name);

/**
 * Throws where a proven file may not be put in its place. To be checked for all files of a fileset before the first is
 * placed.
 */
export async function refuseToPlace(place: Place, staged: Name, file: ArchiveFile): Promise<void> {
  if (file.retrieval === 'restore' && ((await isBack(place, file)) || (await identify(heldPath(place))) !== null))
    return;
  // it may be in its place already, where it is checked
  if (file.retrieval === 'recall' && (await identify(pathOf(staged))) === null) return;
  await refuse(place, staged, file);
}

/** Whether the original itself, or what was fetched for it, is at its path. */
export async function isBack(place: Place, file: ArchiveFile): Promise<boolean> {
  const found = await inspect(place);
  return found.kind === 'file' && (sameFile(found.identity, file) || isFetched(found.identity, file));
}

async function isFetchedAtPath(place: Place, file: ArchiveFile): Promise<boolean> {
  const now = await identify(originalPath(place));
  return now !== null && isFetched(now, file);
}

/**
 * The fetched file takes the link's place in one step. An original that is still held takes precedence: it never left.
 * If something else is held under its name, a person has to look (`HELD_CHANGED`).
 */
export async function restoreOne(place: Place, staged: Name, file: ArchiveFile, guard: Guard): Promise<void> {
  if ((await identify(heldPath(place))) !== null) await undoLink(place, file, guard);
  // if it is back already, an earlier run got this far
  else if (!(await isBack(place, file))) await replaceLink(place, staged, file, guard);
  crashPoint('place:1-swapped');
  await tidyStaged(place, staged, file, guard);
  crashPoint('place:2-tidied');
}

async function replaceLink(place: Place, staged: Name, file: ArchiveFile, guard: Guard): Promise<void> {
  await lookAgain(place, () => refuse(place, staged, file));
  await guard();
  await exchangeLink({
    from: pathOf(staged),
    path: originalPath(place),
    isLink: (name) => isOurLink(name, place),
    isInPlace: () => isFetchedAtPath(place, file),
  });
}

/** Removes the link that came out, and what was fetched where the held original took the place. */
async function tidyStaged(place: Place, staged: Name, file: ArchiveFile, guard: Guard): Promise<void> {
  const left = await identify(pathOf(staged));
  if (left === null) return;
  const ours = typeOf(left.mode) === 'link' ? await isOurLink(pathOf(staged), place) : isFetched(left, file);
  if (!ours) {
    // A crash right after an exchange leaves here what had come to the path at the last moment. Fetching again would
    // remove it as a leftover, so this is not answered with `FETCHED_CHANGED`.
    if (await isFetchedAtPath(place, file))
      throw new Refused(
        'PATH_TAKEN',
        `the fetched file is in its place, but something that is not ours is in staging as ${staged.name.toString()}, perhaps what came to the path at the last moment; it was left there`,
      );
    throw new Refused(
      'FETCHED_CHANGED',
      'what is in staging is not what was fetched; it was left there, and the file is back in its place',
    );
  }
  await guard();
  unlinkSync(pathOf(staged));
}

/**
 * Removes what a cancelled retrieval left in staging: a link of ours or what was fetched, complete or not. The copy in
 * the store stays.
 */
export async function dropStaged(place: Place, staged: Name, guard: Guard): Promise<void> {
  const left = await identify(pathOf(staged));
  if (left === null) return;
  const ours =
    typeOf(left.mode) === 'file' || (typeOf(left.mode) === 'link' && (await isOurLink(pathOf(staged), place)));
  if (!ours) throw new Refused('TARGET_EXISTS', 'what is in staging is not ours; it was left there');
  await guard();
  unlinkSync(pathOf(staged));
}

/** Throws `Refused` with the reasons against putting what was fetched in its place. */
export async function refuse(place: Place, staged: Name, file: ArchiveFile): Promise<void> {
  const { atPath } = await inspectArchived(place);
  const reasons = reasonsToKeepLink(file, atPath, await identify(pathOf(staged)), true);
  const [first] = reasons;
  if (first) throw new Refused(first.code, reasons.map((reason) => reason.message).join('; '));
}
