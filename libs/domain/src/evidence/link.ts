import type { ArchiveFile, CopyRead, Identity, ProvenCopy } from '../model';
import type { CopyStatus } from '../store';
import { because, copyUnchanged, hasDigest, legacyPixelsSafe, type AtPath, type Reason } from './checks';

/**
 * Every reason against giving up what was fetched of the store's copy, whether recalled or in staging. An empty list
 * means that the store still has the copy, that no check found it bad, and that it is durable. The fetched bytes
 * themselves prove that it was good, even if no one has read it since the register was rebuilt.
 */
export function reasonsToKeepFetched(file: ArchiveFile, inStore: CopyStatus | undefined): readonly Reason[] {
  const asProven: ArchiveFile = {
    ...file,
    copyDigest: (file.copyFault ?? null) === null ? (file.digests['SHA-256'] ?? null) : null,
  };
  return [
    hasDigest(file) ? null : because('NO_DIGEST', 'the original has no recorded SHA-256'),
    copyUnchanged(asProven, inStore),
    inStore?.durable === 'yes'
      ? null
      : because('NOT_DURABLE', `the store says ${inStore?.replicationState ?? 'nothing'}`),
  ].filter((reason) => reason !== null);
}

/**
 * Every reason against replacing our link with a fetched file; an empty list means that it may be replaced. `staged` is
 * the file that is ready to be placed now.
 */
export function reasonsToKeepLink(
  file: ArchiveFile,
  atPath: AtPath,
  staged: Identity | null,
  filesetFetched: boolean,
): readonly Reason[] {
  return [
    file.state === 'fetchVerified'
      ? null
      : because('WRONG_STATE', `the file is ${file.state}; only a fetchVerified one may be put in place`),
    hasDigest(file) ? null : because('NO_DIGEST', 'the original had no recorded SHA-256'),
    filesetFetched ? null : because('FILESET_INCOMPLETE', 'another file of the fileset is not fetched'),
    atPath === 'our-link' ? null : because(...changedPath(atPath)),
    stagedUnchanged(file, staged),
  ].filter((reason) => reason !== null);
}

function changedPath(atPath: AtPath): [code: string, message: string] {
  return atPath === 'missing'
    ? ['LINK_GONE', 'the link is gone; was the image deleted in OMERO?']
    : ['PATH_TAKEN', "something that is not ours is at the link's path"];
}

function stagedUnchanged({ fetched, size }: ArchiveFile, staged: Identity | null): Reason | null {
  if (!staged) return because('FETCHED_GONE', 'what was fetched is no longer there');
  const same =
    fetched !== null &&
    staged.dev === fetched.dev &&
    staged.ino === fetched.ino &&
    staged.size === fetched.size &&
    staged.mtimeNs === fetched.mtimeNs &&
    staged.ctimeNs === fetched.ctimeNs &&
    staged.mode === fetched.mode &&
    staged.uid === fetched.uid &&
    staged.gid === fetched.gid;
  if (!same) return because('FETCHED_CHANGED', 'the fetched file is not the one that was verified');
  return staged.size === size
    ? null
    : because('COPY_SIZE', `the fetched file has ${staged.size} bytes, the original had ${size}`);
}

export interface MoveLinkPolicy {
  /** A switch that stops linking is on. */
  readonly stopped: boolean;
  /** The ways of reading a copy back that the new store's settings accept as proof. */
  readonly acceptedReads: readonly CopyRead[];
  /** All files of the bag are sealed in the new store. */
  readonly bagMoveSealed: boolean;
}

/** Codes of `reasonsToKeepOldLink` that concern the path alone: the copies in the new store are good. */
export const pathReasons: readonly string[] = ['LINK_GONE', 'PATH_TAKEN'];

/** What was found of an archived file whose bag moves to another store. */
export interface OldLinkFacts {
  readonly atPath: AtPath;
  readonly copy: ProvenCopy | null;
  readonly inStore: CopyStatus | undefined;
}

/**
 * Every reason against replacing our link with one into another store; an empty list means that it may be replaced.
 * `copy` is the proof of the copy there, `inStore` is what that store reports of it now. A link of ours that already
 * leads there is `our-link`, too.
 */
export function reasonsToKeepOldLink(
  file: ArchiveFile,
  { atPath, copy, inStore }: OldLinkFacts,
  { stopped, acceptedReads, bagMoveSealed }: MoveLinkPolicy,
): readonly Reason[] {
  const there: ArchiveFile = {
    ...file,
    copyVersion: copy?.version ?? null,
    copyDigest: copy?.digest ?? null,
    copyRead: copy?.read ?? null,
  };
  return [
    stopped ? because('STOPPED', 'linking is stopped until a person resumes it') : null,
    file.state === 'moveSealed'
      ? null
      : because('WRONG_STATE', `the file is ${file.state}; only a moveSealed one may be linked to another store`),
    bagMoveSealed ? null : because('BAG_INCOMPLETE', 'another file of the bag is not sealed in the other store'),
    hasDigest(file) ? null : because('NO_DIGEST', 'the original had no recorded SHA-256'),
    atPath === 'our-link' ? null : because(...changedPath(atPath)),
    copyUnchanged(there, inStore),
    copy !== null && acceptedReads.includes(copy.read)
      ? null
      : because(
          'COPY_NOT_PROVEN',
          `the copy in the other store was read back as ${copy?.read ?? 'never'}, which its policy does not accept as proof`,
        ),
    inStore?.durable === 'yes'
      ? null
      : because('NOT_DURABLE', `the other store says ${inStore?.replicationState ?? 'nothing'}`),
    legacyPixelsSafe(file, inStore),
  ].filter((reason) => reason !== null);
}
