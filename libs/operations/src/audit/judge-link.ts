import { copyPath, type FileState } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import type { AuditedFile } from '@coldroom/register';
import type { Reached } from './at-path';
import { bytes, finding, worded, type Seen } from './finding';
import type { Discrepancy } from './report';

/**
 * A restore may have got this far, even one that a person has since cancelled: it stays so until the linker's next
 * turn.
 */
const mayBeBack: readonly FileState[] = ['linked', 'recalled', 'retrieving', 'online', 'fetched', 'fetchVerified'];

/** What is wrong at the path of an archived file, where Coldroom's link should be. */
export function judgeLink(file: AuditedFile, seen: Seen): readonly Discrepancy[] {
  const { at, omero } = seen;
  const deleted = omero?.exists === false;
  const gone =
    deleted && omero.imageExists
      ? [
          finding(file, 'IMAGE_DELETED', {
            expected: `OMERO's rows of ${nameInOmero(file)}`,
            found: 'they are gone, though images of the fileset are there',
            remedy: 'look in OMERO who removed it; the copy stays in the store',
          }),
        ]
      : [];
  if (!at || at.kind === 'unseen') return gone;
  if (at.kind === 'link' && isLeft(file, at.target, seen))
    return [
      finding(file, 'LINK_LEFT', {
        expected: `nothing: OMERO has no ${nameInOmero(file)}, and no image of it`,
        found: `our link to ${displayPath(at.target)}, which leads nowhere`,
        remedy: 'coldroom audit --fix',
      }),
    ];
  if (at.kind === 'link') return [...gone, ...judgeTarget(file, at.target, seen)];
  // OMERO removes the link with the image: this is reported once, for the image.
  if (at.kind === 'missing')
    return [
      ...gone,
      ...(deleted
        ? []
        : [
            finding(file, 'LINK_MISSING', {
              expected: ourLink(file, seen),
              found: 'nothing',
              remedy: putLinkBack(file, seen, 'if the image is still in OMERO'),
            }),
          ]),
    ];
  const right = at.kind === 'file' && at.size === file.size;
  if (right && file.retrieval === 'restore' && mayBeBack.includes(file.stand)) return gone;
  if (right) {
    return [
      ...gone,
      finding(file, 'ORIGINAL_BACK', {
        expected: ourLink(file, seen),
        found: `a file of ${bytes(at.size)}`,
        remedy: `compare its SHA-256 with "coldroom files show ${file.id}": if the right bytes were put back, leave it so; to archive it again, move it away and ${putLinkBack(file, seen)}`,
      }),
    ];
  }
  return [
    ...gone,
    finding(file, 'NOT_A_LINK', {
      expected: ourLink(file, seen),
      found: worded(at),
      remedy: `find out who put it there; move it away and ${putLinkBack(file, seen)}`,
    }),
  ];
}

/**
 * Whether it is a link of OMERO 4 data that OMERO has deleted as a whole. OMERO looks whether a file exists before it removes
 * it, so a link that leads nowhere stays. Only where no original is held and nothing else is under way.
 */
function isLeft(file: AuditedFile, target: Buffer, { store, reached, omero }: Seen): boolean {
  return (
    file.root !== 'ManagedRepository' &&
    file.stand === 'released' &&
    omero?.exists === false &&
    !omero.imageExists &&
    store !== undefined &&
    target.equals(store.linkTarget(file.bag, copyPath(file))) &&
    (store.recallRoot === undefined ? reached?.kind === 'nowhere' : !file.isOnline)
  );
}

function judgeTarget(file: AuditedFile, target: Buffer, { store, copy, reached }: Seen): readonly Discrepancy[] {
  if (!store) return [];
  const ours = store.linkTarget(file.bag, copyPath(file));
  if (!target.equals(ours)) {
    return [
      finding(file, 'LINK_CHANGED', {
        expected: `a link to ${displayPath(ours)}`,
        found: `a link to ${displayPath(target)}`,
        remedy: `find out who changed it; move it away and ${putLinkBack(file, { store })}`,
      }),
    ];
  }
  if (!reached || reached.kind === 'unseen') return [];
  if (store.recallRoot !== undefined) return judgeRecalled(file, ours, reached);
  // If the store has no copy either, that is reported instead.
  if (reached.kind === 'file' || typeof copy !== 'object') return [];
  return [
    finding(file, 'DANGLING', {
      expected: `the copy at ${displayPath(ours)}`,
      found: reached.kind === 'nowhere' ? 'nothing there, though the store has the copy' : 'something that is no file',
      remedy: `the store says that it is ${copy.replicationState}: is it mounted at this very path, for OMERO, too?`,
    }),
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
          finding(file, 'RECALLED_COPY_CHANGED', {
            expected: bytes(file.size),
            found: bytes(reached.size),
            remedy: `find out who writes to ${displayPath(target)}; ${remedy}`,
          }),
        ];
  return [
    finding(file, 'DANGLING', {
      expected: `the recalled copy at ${displayPath(target)}`,
      found: reached.kind === 'nowhere' ? 'nothing there' : 'something that is no file',
      remedy,
    }),
  ];
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
