import { crashPoint, codeOf, type Identity } from '@coldroom/domain';
import { rmdirSync, unlinkSync } from 'node:fs';
import type { WireOutcome } from '../wire';
import { notTheFile } from './link';
import { outcomeOf } from './outcome';
import { lookAt, sameFile, type TwoEnds, type WirePlace } from './two-ends';

/**
 * Removes names of ours, even where a file has no other name: the caller has found no reason to keep it. False where
 * nothing has the name. `Refused` `SOURCE_CHANGED` if it is another file.
 */
export function remove(
  names: readonly { readonly at: WirePlace; readonly file: Identity }[],
  ends: TwoEnds,
): readonly WireOutcome<boolean>[] {
  const outcomes = names.map(({ at, file }) => outcomeOf({ from: at, to: at }, () => removeOne(at, file, ends)));
  ends.sync();
  crashPoint('import-remove:2-synced');
  return outcomes;
}

function removeOne(at: WirePlace, file: Identity, ends: TwoEnds): boolean {
  const own = ends.ownIfAny(at);
  const there = own && lookAt(own);
  if (!own || !there) return false;
  if (!sameFile(there, file)) throw notTheFile(at, there);
  ends.check();
  unlinkSync(own);
  ends.note(at);
  crashPoint('import-remove:1-removed');
  return true;
}

/** What rmdir(2) reports of a directory that stays: it is not empty, it is in use, it is not ours to remove, or it is none. */
const stays = new Set(['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EACCES', 'EPERM', 'ENOTDIR', 'EROFS']);

/** Removes directories that are empty, in the order given, and says how many; the others stay. */
export function removeEmpty(directories: readonly WirePlace[], ends: TwoEnds): number {
  let removed = 0;
  for (const place of directories) {
    const at = ends.sourceIfAny(place);
    if (!at) continue;
    ends.check();
    try {
      rmdirSync(at);
      removed += 1;
      ends.note(place);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && !stays.has(codeOf(error))) throw error;
    }
  }
  ends.sync();
  return removed;
}
