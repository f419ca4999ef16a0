import { copyPath, type CopyStatus, type FileState, type Store } from '@coldroom/domain';
import type { AuditedFile } from '@coldroom/register';
import { displayPath } from '@coldroom/files';
import type { AtPath, Reached } from './at-path';
import type { Discrepancy, DiscrepancyCode } from './report';

/** What a store reported about a copy: `other` is something that is not a file, `unseen` means no answer. */
export type Copy = CopyStatus | 'missing' | 'other' | 'unseen';

/** What was seen of one file. An undefined field was not examined, and nothing is concluded from it. */
export interface Seen {
  readonly copy?: Copy | undefined;
  readonly at?: AtPath | undefined;
  /** Where Coldroom's link leads. */
  readonly reached?: Reached | undefined;
  /** The configured store, even if it is unavailable: it determines the link's target. */
  readonly store?: Pick<Store, 'name' | 'linkTarget' | 'recallRoot'> | undefined;
  /** Whether OMERO has rows for this file, the size it recorded, and whether an image of its fileset exists. */
  readonly omero?:
    { readonly exists: boolean; readonly size: bigint | null; readonly imageExists: boolean } | undefined;
  /** Whether the original is held; checked only if the copy is wrong. */
  readonly held?: boolean | undefined;
}

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
/**
 * A restore may have got this far, even one that a person has since cancelled: it stays so until the linker's next
 * turn.
 */
const mayBeBack: readonly FileState[] = ['linked', 'recalled', 'retrieving', 'online', 'fetched', 'fetchVerified'];

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
    finding(file, code, expected, found, copyRemedy(file, code, held)),
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
      'something that is no file stands in its place',
    );
  if (copy.size !== file.size) return of('COPY_WRONG_SIZE', bytes(file.size), bytes(copy.size));
  return copy.version === file.copyVersion
    ? bad()
    : of('COPY_CHANGED', `version ${file.copyVersion ?? 'unknown'}`, `version ${copy.version}`);
}

function judgeLink(file: AuditedFile, seen: Seen): readonly Discrepancy[] {
  const { at, omero } = seen;
  const deleted = omero?.exists === false;
  const gone =
    deleted && omero.imageExists
      ? [
          finding(
            file,
            'IMAGE_DELETED',
            `OMERO's rows of ${nameInOmero(file)}`,
            'they are gone, though images of the fileset are there',
            'look in OMERO who removed it; the copy stays in the store',
          ),
        ]
      : [];
  if (!at || at.kind === 'unseen') return gone;
  if (at.kind === 'link') return [...gone, ...judgeTarget(file, at.target, seen)];
  // OMERO removes the link with the image: this is reported once, for the image.
  if (at.kind === 'missing')
    return [
      ...gone,
      ...(deleted
        ? []
        : [
            finding(
              file,
              'LINK_MISSING',
              ourLink(file, seen),
              'nothing',
              putLinkBack(file, seen, 'if the image is still in OMERO'),
            ),
          ]),
    ];
  const right = at.kind === 'file' && at.size === file.size;
  if (right && file.retrieval === 'restore' && mayBeBack.includes(file.stand)) return gone;
  if (right) {
    return [
      ...gone,
      finding(
        file,
        'ORIGINAL_BACK',
        ourLink(file, seen),
        `a file of ${bytes(at.size)}`,
        `compare its SHA-256 with "coldroom files show ${file.id}": if somebody put the right bytes back, leave it so; to archive it again, move it away and ${putLinkBack(file, seen)}`,
      ),
    ];
  }
  return [
    ...gone,
    finding(
      file,
      'NOT_A_LINK',
      ourLink(file, seen),
      worded(at),
      `find out who put it there; move it away and ${putLinkBack(file, seen)}`,
    ),
  ];
}

function judgeTarget(file: AuditedFile, target: Buffer, { store, copy, reached }: Seen): readonly Discrepancy[] {
  if (!store) return [];
  const ours = store.linkTarget(file.bag, copyPath(file));
  if (!target.equals(ours)) {
    return [
      finding(
        file,
        'LINK_CHANGED',
        `a link to ${displayPath(ours)}`,
        `a link to ${displayPath(target)}`,
        `find out who changed it; move it away and ${putLinkBack(file, { store })}`,
      ),
    ];
  }
  if (!reached || reached.kind === 'unseen') return [];
  if (store.recallRoot !== undefined) return judgeRecalled(file, ours, reached);
  // If the store has no copy either, that is reported instead.
  if (reached.kind === 'file' || typeof copy !== 'object') return [];
  return [
    finding(
      file,
      'DANGLING',
      `the copy at ${displayPath(ours)}`,
      reached.kind === 'nowhere' ? 'nothing there, though the store has the copy' : 'something that is no file',
      `the store says that it is ${copy.replicationState}: is it mounted at this very path, for OMERO, too?`,
    ),
  ];
}

/** Without a recall, the link leads nowhere. That is correct. */
function judgeRecalled(file: AuditedFile, target: Buffer, reached: Reached): readonly Discrepancy[] {
  if (!file.isOnline) return [];
  const remedy = `if OMERO needs it: coldroom restore ${file.fileset}`;
  if (reached.kind === 'file')
    return reached.size === file.size
      ? []
      : [
          finding(
            file,
            'RECALLED_COPY_CHANGED',
            bytes(file.size),
            bytes(reached.size),
            `find out who writes to ${displayPath(target)}; ${remedy}`,
          ),
        ];
  return [
    finding(
      file,
      'DANGLING',
      `the recalled copy at ${displayPath(target)}`,
      reached.kind === 'nowhere' ? 'nothing there' : 'something that is no file',
      remedy,
    ),
  ];
}

function judgeGivenBack(file: AuditedFile, { at, omero }: Seen): readonly Discrepancy[] {
  if (!at || at.kind === 'unseen' || !omero) return [];
  const size = omero.size !== null && omero.size >= 0n ? omero.size : file.size;
  if (!omero.exists || (at.kind === 'file' && at.size === size)) return [];
  return [
    finding(
      file,
      'ORIGINAL_WRONG',
      `the original of ${bytes(size)}, ${file.stand}`,
      worded(at),
      `its copy is still in bag ${file.bag} of store ${file.store}, with its SHA-256 in the manifest: find out what happened, then put it back from there`,
    ),
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
  return `${check}; ${held === undefined ? 'whether the original is still held could not be seen' : 'the original is not held any more'}: put the copy back from the store's backup`;
}

function checkOf(file: AuditedFile, code: DiscrepancyCode): string {
  switch (code) {
    case 'COPY_CHANGED':
      return `find out who writes to the store, and prove the bag (sha256sum -c manifest-sha256.txt in ${file.bag})`;
    case 'COPY_BAD':
      return `"coldroom verify File:${file.id}" reads it again and names another copy where there is one`;
    default:
      return `look into store ${file.store}, bag ${file.bag}`;
  }
}

function putLinkBack(file: AuditedFile, { store }: Pick<Seen, 'store'>, condition?: string): string {
  return store
    ? `${condition ? `${condition}: ` : ''}ln -s '${displayPath(store.linkTarget(file.bag, copyPath(file)))}' in its place, as the owner of OMERO's files`
    : `make the link to its copy in bag ${file.bag} again`;
}

const ourLink = (file: AuditedFile, { store }: Seen): string =>
  store ? `a link to ${displayPath(store.linkTarget(file.bag, copyPath(file)))}` : `a link into store ${file.store}`;
const nameInOmero = (file: AuditedFile): string =>
  file.originalFileId === null ? `Pixels:${file.pixelsId}` : `OriginalFile:${file.originalFileId}`;
const bytes = (size: bigint): string => `${size} bytes`;

function worded(at: AtPath): string {
  switch (at.kind) {
    case 'file':
      return `a file of ${bytes(at.size)}`;
    case 'link':
      return `a link to ${displayPath(at.target)}`;
    case 'missing':
      return 'nothing';
    case 'directory':
      return 'a directory';
    case 'blocked':
      return 'a link or file in place of a directory on the way';
    default:
      return 'something else';
  }
}

function finding(
  file: AuditedFile,
  code: DiscrepancyCode,
  expected: string,
  found: string,
  remedy: string,
): Discrepancy {
  const stuck = file.code === null || file.state !== 'stuck' ? '' : `, stuck with ${file.code}`;
  return {
    code,
    object: `File:${file.id}`,
    path: `${file.root}/${file.display}`,
    fileset: file.fileset,
    bag: file.bag,
    expected,
    found: `${found} (the file is ${file.stand}${stuck})`,
    remedy,
  };
}
