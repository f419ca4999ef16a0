import { unlinkSync } from 'node:fs';
import { crashPoint, type AtPath } from '@coldroom/domain';
import { identify } from '@coldroom/files';
import { exchangeLink } from '../paths/exchange';
import { originalPath, tempPath, isOurLink, type Guard, type Place } from '../paths/inspect';
import { makeLink } from '../archive/replace-original';

/*
 * Swaps our link into one store for one into another. Only links of ours, recognised by their target, are replaced or
 * removed. Each function works on one file and may be run again after a crash.
 */

/** A place whose link still leads, or may lead, into the store that its bag has left. */
export interface MovedPlace extends Place {
  /** The target of our link into that store. */
  readonly oldTarget: Buffer;
}

const oldLinkOf = (place: MovedPlace): Place => ({ ...place, target: place.oldTarget });
const isOldLink = async (path: Buffer, place: MovedPlace): Promise<boolean> => isOurLink(path, oldLinkOf(place));

/** `our-link` for a link of ours into either store. */
export async function inspectLink(place: MovedPlace): Promise<AtPath> {
  if ((await identify(originalPath(place))) === null) return 'missing';
  return (await isOurLink(originalPath(place), place)) || (await isOldLink(originalPath(place), place))
    ? 'our-link'
    : 'other';
}

/**
 * Puts the link into the new store in the old one's place in one step; what came out is checked before it is removed.
 * Sync the directory afterwards.
 */
export async function moveLinkOne(place: MovedPlace, guard: Guard): Promise<void> {
  // if our new link is there already, an earlier run got this far
  if (!(await isOurLink(originalPath(place), place))) await exchangeLinks(place, guard);
  crashPoint('move-link:2-swapped');
  await clearTemp(place, guard);
  crashPoint('move-link:3-tidied');
}

async function exchangeLinks(place: MovedPlace, guard: Guard): Promise<void> {
  await clearTemp(place, guard);
  await makeLink(place, guard);
  crashPoint('move-link:1-link-made');
  await guard();
  await exchangeLink({
    from: tempPath(place),
    path: originalPath(place),
    isLink: (name) => isOldLink(name, place),
    afterPutBack: () => clearTemp(place, guard),
  });
}

/** Removes the link that came out, or one that an earlier run had prepared. What is not ours stays. */
async function clearTemp(place: MovedPlace, guard: Guard): Promise<void> {
  if (!(await isOurLink(tempPath(place), place)) && !(await isOldLink(tempPath(place), place))) return;
  await guard();
  unlinkSync(tempPath(place));
}
