import { crashPoint, Refused, type Identity } from '@coldroom/domain';
import { codeOf } from '@coldroom/domain';
import { linkSync } from 'node:fs';
import { displayPath } from '../path';
import { changed } from '../read';
import { bytesOf, type WireOutcome } from '../wire';
import { outcomeOf } from './outcome';
import { releaseName } from './release';
import { lookAt, sameFile, type TwoEnds, type WirePlace } from './two-ends';

/** A name that people use, the name of ours for the same file, and the file as it was found. */
export interface WirePair {
  readonly from: WirePlace;
  readonly to: WirePlace;
  readonly file: Identity;
}

/** What link(2) and rename(2) report where they cannot be used, whatever the file. */
export const impossible = new Set(['EPERM', 'EACCES', 'EXDEV', 'EMLINK', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS']);

/**
 * Gives each file a second name of ours. What is at that name already counts if it is the file. `Refused`
 * `LINK_NOT_POSSIBLE` where the system does not let us; `SOURCE_CHANGED` if the source is not the file.
 */
export function link(pairs: readonly WirePair[], ends: TwoEnds): readonly WireOutcome<Identity>[] {
  const outcomes = pairs.map((pair) => outcomeOf(pair, () => linkOne(pair, ends)));
  ends.sync();
  crashPoint('import-lock:2-synced');
  return outcomes;
}

function linkOne({ from, to, file }: WirePair, ends: TwoEnds): Identity {
  const own = ends.ownToMake(to);
  const there = lookAt(own);
  if (there) return known(there, file, to, ends);
  const source = ends.source(from);
  const before = lookAt(source);
  if (!before || !sameFile(before, file)) throw notTheFile(from, before);
  ends.check();
  try {
    linkSync(source, own);
  } catch (error) {
    throw impossible.has(codeOf(error)) ? notPossible('link', from, error) : error;
  }
  ends.note(to);
  crashPoint('import-lock:1-linked');
  const made = lookAt(own);
  if (made && sameFile(made, file)) return made;
  releaseName({ from, to }, ends);
  throw notTheFile(from, made);
}

/** A name of ours that a worker made before it died. */
export function known(there: Identity, file: Identity, to: WirePlace, ends: TwoEnds): Identity {
  if (!sameFile(there, file))
    throw new Refused(
      'IMPORT_LOCK_TAKEN',
      `"${displayPath(bytesOf(to.path))}" in the directory for locks is another file than the one to be imported. It is left as it is; look at it, and move it elsewhere.`,
    );
  ends.note(to);
  return there;
}

export function notTheFile(from: WirePlace, found: Identity | undefined): Refused {
  const path = bytesOf(from.path);
  return found
    ? changed(path, 'it is no longer the file that was found first')
    : new Refused('SOURCE_MISSING', `"${displayPath(path)}" does not exist.`, { path: displayPath(path) });
}

export function notPossible(what: 'link' | 'move', from: WirePlace, cause: unknown): Refused {
  const path = displayPath(bytesOf(from.path));
  const [code, verb] = what === 'link' ? ['LINK_NOT_POSSIBLE', 'make a hard link of'] : ['MOVE_NOT_POSSIBLE', 'move'];
  return new Refused(
    code,
    `The system does not let this service ${verb} "${path}" (${codeOf(cause)}).`,
    { path, code: codeOf(cause) },
    { cause },
  );
}
