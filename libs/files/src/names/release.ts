import { crashPoint, type Identity } from '@coldroom/domain';
import { linkSync, unlinkSync } from 'node:fs';
import { renameFlags, renameSync } from '../native';
import { isUnsupported } from '../rename';
import { type WireOutcome } from '../wire';
import { outcomeOf } from './outcome';
import { lookAt, sameInode, type TwoEnds, type WirePlace } from './two-ends';
import { codeOf } from '@coldroom/domain';

/**
 * What became of a name of ours. `released`: the source is the same file, and our name was removed; `returned`: nothing was
 * at the source, and our name was moved there; `kept`: the file stays at our name, as another one is at the source, or its
 * directory is gone; `gone`: nothing was at our name. `own` is what was at our name, and `source` what is at the source then.
 */
export interface Released {
  readonly what: 'released' | 'returned' | 'kept' | 'gone';
  readonly own: Identity | undefined;
  readonly source: Identity | undefined;
}

type Pair = { readonly from: WirePlace; readonly to: WirePlace };

/**
 * Takes our names away. With `moveBack`, a file whose source is gone is moved there; otherwise it is kept. A file never loses its
 * last name by this, and nothing that others made is replaced.
 */
export function release(pairs: readonly Pair[], moveBack: boolean, ends: TwoEnds): readonly WireOutcome<Released>[] {
  const outcomes = pairs.map((pair) => outcomeOf(pair, () => releaseName(pair, ends, moveBack)));
  ends.sync();
  crashPoint('import-unlock:2-synced');
  return outcomes;
}

export function releaseName({ from, to }: Pair, ends: TwoEnds, moveBack = true): Released {
  const own = ends.ownIfAny(to);
  const there = own && lookAt(own);
  const source = ends.sourceIfAny(from);
  const before = source && lookAt(source);
  if (!own || !there) return { what: 'gone', own: undefined, source: before };
  if (!source) return { what: 'kept', own: there, source: undefined };
  if (before ? !sameInode(before, there) : !moveBack) return { what: 'kept', own: there, source: before };
  ends.check();
  if (before) unlinkSync(own);
  else if (!returned(own, source)) return { what: 'kept', own: there, source: lookAt(source) };
  ends.note(to);
  ends.note(from);
  crashPoint('import-unlock:1-released');
  return { what: before ? 'released' : 'returned', own: there, source: lookAt(source) };
}

/** False where something came to the source meanwhile. */
function returned(own: Buffer, source: Buffer): boolean {
  try {
    moveToSource(own, source);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function moveToSource(own: Buffer, source: Buffer): void {
  try {
    renameSync(own, source, renameFlags.noReplace);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    linkSync(own, source); // replaces nothing either
    unlinkSync(own);
  }
}
