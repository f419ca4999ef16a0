import type { FileState } from '@coldroom/domain';
import type { AuditedFile } from '@coldroom/register';
import { bytes, finding, worded, type Seen } from './finding';
import { judgeLink } from './judge-link';
import type { Discrepancy, DiscrepancyCode } from './report';

const withCopy: readonly FileState[] = [
  'sealed',
  'linked',
  'released',
  'retrieving',
  'online',
  'fetched',
  'fetchVerified',
  'recalled',
  'moving',
  'moveCopied',
  'moveVerified',
];
const withLink: readonly FileState[] = withCopy.filter((state) => state !== 'sealed');

export const hasCopy = ({ stand }: AuditedFile): boolean => withCopy.includes(stand);
export const hasLink = ({ stand }: AuditedFile): boolean => withLink.includes(stand);
export const isGivenBack = ({ stand, takenOver }: AuditedFile): boolean =>
  (stand === 'restored' || stand === 'undone') && !takenOver;

/** All discrepancies of one file, derived from facts alone. */
export function judge(file: AuditedFile, seen: Seen): readonly Discrepancy[] {
  return [
    ...(hasCopy(file) ? judgeCopy(file, seen) : []),
    ...(hasLink(file) ? judgeLink(file, seen) : []),
    ...(isGivenBack(file) ? judgeGivenBack(file, seen) : []),
  ];
}

export function judgeCopy(file: AuditedFile, { copy, held }: Seen): readonly Discrepancy[] {
  const of = (code: DiscrepancyCode, expected: string, found: string): Discrepancy[] => [
    finding(file, code, { expected, found, remedy: copyRemedy(file, code, held) }),
  ];
  const bad = (): Discrepancy[] =>
    file.copyFault === null
      ? []
      : of('COPY_BAD', 'the bytes that were proven', `${file.copyFault} when it was last read`);
  if (copy === undefined || copy === 'unseen') return bad();
  if (copy === 'missing')
    return of('LOST', `a copy of ${bytes(file.size)} in bag ${file.bag}`, 'the store says that there is none');
  if (copy === 'other')
    return of(
      'COPY_CHANGED',
      `a copy of ${bytes(file.size)} in bag ${file.bag}`,
      'something that is not a file is in its place',
    );
  if (copy.size !== file.size) return of('COPY_WRONG_SIZE', bytes(file.size), bytes(copy.size));
  return copy.version === file.copyVersion
    ? bad()
    : of('COPY_CHANGED', `version ${file.copyVersion ?? 'unknown'}`, `version ${copy.version}`);
}

function judgeGivenBack(file: AuditedFile, { at, omero }: Seen): readonly Discrepancy[] {
  if (!at || at.kind === 'unseen' || !omero) return [];
  const size = omero.size !== null && omero.size >= 0n ? omero.size : file.size;
  if (!omero.exists || (at.kind === 'file' && at.size === size)) return [];
  return [
    finding(file, 'ORIGINAL_WRONG', {
      expected: `the original of ${bytes(size)}, ${file.stand}`,
      found: worded(at),
      remedy: `its copy is still in bag ${file.bag} of store ${file.store}, with its SHA-256 in the manifest: find out what happened, then put it back from there`,
    }),
  ];
}

/** Whether a given-back original cannot be judged without OMERO: it is not as it was, and OMERO may have deleted it. */
export function needsOmero(file: AuditedFile, { at, omero }: Seen): boolean {
  return (
    isGivenBack(file) &&
    !omero &&
    at !== undefined &&
    at.kind !== 'unseen' &&
    !(at.kind === 'file' && at.size === file.size)
  );
}

function copyRemedy(file: AuditedFile, code: DiscrepancyCode, held: boolean | undefined): string {
  const check = checkOf(file, code);
  if (file.stand === 'sealed') return `${check}; the original is not replaced yet: coldroom undo ${file.fileset}`;
  if (held) return `the original is still held: coldroom undo ${file.fileset}`;
  return `${check}; ${held === undefined ? 'whether the original is still held could not be seen' : 'the original is no longer held'}: put the copy back from the store's backup`;
}

function checkOf(file: AuditedFile, code: DiscrepancyCode): string {
  switch (code) {
    case 'COPY_CHANGED':
      return `find out who writes to the store, and prove the bag (in ${file.bag}: sha256sum -c sha256sum.txt, or manifest-sha256.txt where there is no such file)`;
    case 'COPY_BAD':
      return `"coldroom verify File:${file.id}" reads it again and names another copy where there is one`;
    default:
      return `look into store ${file.store}, bag ${file.bag}`;
  }
}
