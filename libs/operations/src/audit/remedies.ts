import type { DiscrepancyCode } from './report';

interface Remedy {
  /** What to do, in plain words. */
  readonly advice: string;
  /** A command for some of the objects, if one helps. */
  readonly command?: (objects: readonly string[]) => string | null;
}

const objectsInCommand = 20;

/** `coldroom verify File:1,2`: only objects of this kind; null if there are none. */
const naming =
  (command: string, kind: string) =>
  (objects: readonly string[]): string | null => {
    const names = objects
      .filter((object) => object.startsWith(`${kind}:`))
      .map((object) => object.slice(kind.length + 1));
    return names.length === 0 ? null : `coldroom ${command} ${kind}:${names.slice(0, objectsInCommand).join(',')}`;
  };
const fix = (): string => 'coldroom audit --fix';
const verify = naming('verify', 'File');

const badCopy =
  'While the original is held, undo puts it back. Otherwise the copy has to come from another copy or from a backup of the store. The command reads the copies again and says for each which of these it is.';
const putLinkBack = 'The report gives the command that makes the link again; what is in its place is moved away first.';

/** What to do about each kind of finding; docs/error-codes.md says more. */
export const auditRemedies: Readonly<Record<DiscrepancyCode, Remedy>> = {
  LOST: { advice: badCopy, command: verify },
  COPY_WRONG_SIZE: { advice: badCopy, command: verify },
  COPY_CHANGED: { advice: `Find out what writes to the store. ${badCopy}`, command: verify },
  COPY_BAD: { advice: badCopy, command: verify },
  DARK_BAG: {
    advice:
      'Was an old state of the register restored, or does another Coldroom use this store? The bag is left alone.',
  },
  DARK_COPY: { advice: 'Find out who put it there: a sealed bag never changes.' },
  DANGLING: {
    advice:
      'Mount the store at the path to which the link leads, on every machine and for OMERO too. If a recalled copy is gone, restore the fileset.',
  },
  RECALLED_COPY_CHANGED: { advice: 'Find out what writes to the recall directory, then restore the fileset.' },
  LINK_MISSING: { advice: `Is the image still in OMERO? Then the link is needed. ${putLinkBack}` },
  LINK_LEFT: {
    advice:
      'OMERO did not see the link when it deleted the image, as it leads nowhere. "omero admin cleanse" and "omero admin fixpyramids" fail at such links. The command removes them, and nothing else; the copies stay in the store.',
    command: fix,
  },
  LINK_CHANGED: { advice: `Find out who changed the link. ${putLinkBack}` },
  ORIGINAL_BACK: {
    advice: `Compare its SHA-256 with that of the archived file. If the right bytes were put back, leave it. To archive it again: ${putLinkBack}`,
  },
  NOT_A_LINK: { advice: `Find out who put it there. ${putLinkBack}` },
  ORIGINAL_WRONG: {
    advice:
      'The copy is still in its bag, with its SHA-256 in the manifest. Find out what happened, then put the file back from there.',
  },
  IMAGE_DELETED: {
    advice:
      'If the images were deleted on purpose, say so with this command: audits then no longer list them. If not, import them from their bag. The copies stay in the store in any case.',
    command: naming('audit --acknowledge', 'Image'),
  },
  TAG_LOST: { advice: 'The command writes the marks in OMERO again.', command: fix },
  TAG_LEFT: { advice: 'The command removes the marks in OMERO.', command: fix },
  FLAG_WRONG: { advice: 'The command corrects image.archived in OMERO.', command: fix },
  LINKS_NOT_OPENED: {
    advice: 'Upgrade OMERO.server, or restore the filesets: their images cannot be shown until then.',
    command: naming('restore', 'Fileset'),
  },
  HELD_ORPHAN: { advice: 'Keep it until its SHA-256 is found in the manifest of a bag.' },
  RECALLED_COPY_ORPHAN: {
    advice:
      'It may be the last good copy. Remove it only after "coldroom verify" reported the copy in its bag as good.',
  },
  IMPORT_LINK_BROKEN: {
    advice:
      'OMERO reads the file that was in the buffer when it was imported, by a link. Put it back, from a backup if need be. If the images are not needed, delete them in OMERO. The importer looks again after COLDROOM_IMPORT_LOOK_AGAIN.',
  },
  TOTALS_DIFFER: {
    advice:
      'Lists and figures of these requests are wrong until the command has counted again. What is done to files does not depend on totals.',
    command: fix,
  },
};
