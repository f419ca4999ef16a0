import { renameSync, unlinkSync } from 'node:fs';
import { codeOf, Refused, crashPoint, type AtPath } from '@coldroom/domain';
import { identify, renameExchangeSync } from '@coldroom/files';
import { at, besideAt, isOurLink, type Before, type Place } from './look';
import { makeLink } from './swap';

/*
 * Swaps our link into one store for one into another. Nothing is replaced or removed but links of ours, known by what they hold.
 * Each function works on one file and may be run again after a crash.
 */

/** A place whose link still leads, or may lead, into the store that its bag has left. */
export interface MovedPlace extends Place {
  /** What our link into that store holds. */
  readonly oldTarget: Buffer;
}

const oldLinkOf = (place: MovedPlace): Place => ({ ...place, target: place.oldTarget });
const isOldLink = async (path: Buffer, place: MovedPlace): Promise<boolean> => isOurLink(path, oldLinkOf(place));

/** `our-link` for a link of ours into either store. */
export async function lookAtLink(place: MovedPlace): Promise<AtPath> {
  if ((await identify(at(place))) === null) return 'missing';
  return (await isOurLink(at(place), place)) || (await isOldLink(at(place), place)) ? 'our-link' : 'other';
}

/**
 * Puts the link into the new store in the old one's place, in one step; what came out is looked at before it goes. Sync the
 * directory afterwards.
 */
export async function moveLinkOne(place: MovedPlace, before: Before): Promise<void> {
  if (!(await isOurLink(at(place), place))) await swapLinks(place, before); // else an earlier run came this far
  crashPoint('move-link:2-swapped');
  await clearBeside(place, before);
  crashPoint('move-link:3-tidied');
}

async function swapLinks(place: MovedPlace, before: Before): Promise<void> {
  await clearBeside(place, before);
  await makeLink(place, before);
  crashPoint('move-link:1-link-made');
  await before();
  try {
    renameExchangeSync(besideAt(place), at(place));
  } catch (error) {
    if (codeOf(error) !== 'EXCHANGE_NOT_SUPPORTED') throw error;
    if (!(await isOldLink(at(place), place)))
      throw new Refused('PATH_TAKEN', 'the link changed at the last moment; it was left there');
    renameSync(besideAt(place), at(place));
    return;
  }
  if (await isOldLink(besideAt(place), place)) return;
  renameExchangeSync(besideAt(place), at(place));
  await clearBeside(place, before);
  throw new Refused('PATH_TAKEN', "something else came to the link's place at the last moment; it was left there");
}

/** The link that came out goes, or one that an earlier run had made ready. What is not ours stays. */
async function clearBeside(place: MovedPlace, before: Before): Promise<void> {
  if (!(await isOurLink(besideAt(place), place)) && !(await isOldLink(besideAt(place), place))) return;
  await before();
  unlinkSync(besideAt(place));
}
