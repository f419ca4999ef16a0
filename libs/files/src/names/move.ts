import { codeOf, crashPoint, type Identity } from '@coldroom/domain';
import { sameContent } from '../identity';
import { renameFlags, renameSync } from '../native';
import { isUnsupported } from '../rename';
import type { WireOutcome } from '../wire';
import { impossible, known, notPossible, notTheFile, type WirePair } from './link';
import { outcomeOf } from './outcome';
import { releaseName } from './release';
import { lookAt, sameFile, type TwoEnds, type WirePlace } from './two-ends';

/**
 * Moves each file to a name of ours. With `exact`, its ctime must be that of `file`, too. What arrives is looked at again:
 * whoever replaced the source in between gets the file back. `Refused` `SOURCE_CHANGED`, `SOURCE_MISSING`; `MOVE_NOT_POSSIBLE`
 * where the system does not let us.
 */
export function move(pairs: readonly WirePair[], exact: boolean, ends: TwoEnds): readonly WireOutcome<Identity>[] {
  const outcomes = pairs.map((pair) => outcomeOf(pair, () => moveOne(pair, exact, ends)));
  ends.sync();
  crashPoint('import-move:2-synced');
  return outcomes;
}

function moveOne({ from, to, file }: WirePair, exact: boolean, ends: TwoEnds): Identity {
  const own = ends.ownToMake(to);
  const there = lookAt(own);
  if (there) return known(there, file, to, ends);
  const source = ends.source(from);
  const before = lookAt(source);
  if (!before || !(exact ? sameContent : sameFile)(before, file)) throw notTheFile(from, before);
  ends.check();
  try {
    moveHere(source, own);
  } catch (error) {
    throw impossible.has(codeOf(error)) ? notPossible('move', from, error) : error;
  }
  ends.note(to);
  ends.note(from);
  crashPoint('import-move:1-moved');
  const moved = lookAt(own);
  if (moved && sameFile(moved, file)) return moved;
  releaseName({ from, to }, ends);
  throw notTheFile(from, moved);
}

/** Only we write where it goes, and nothing has that name. */
function moveHere(source: Buffer, own: Buffer): void {
  try {
    renameSync(source, own, renameFlags.noReplace);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    renameSync(source, own, 0);
  }
}

/** Gives a directory of ours another name. `EEXIST` if that is taken. */
export function setAside(from: WirePlace, to: WirePlace, ends: TwoEnds): void {
  const own = ends.ownToMake(to);
  if (lookAt(own)) throw Object.assign(new Error('the name is taken'), { code: 'EEXIST' });
  ends.check();
  moveHere(ends.source(from), own);
  ends.note(from);
  ends.sync();
}
