import type { ArchiveFile, CopyRead, Identity, ProvenCopy } from './model';
import type { RequestState } from './states';
import type { CopyStatus } from './store';

/** What is at the original's path right now. */
export type OnDisk =
  | {
      readonly kind: 'file';
      readonly identity: Identity;
      readonly held: Identity | null;
      /** ctime when the content was known to be the hashed one and our hold was made; undefined before the hold. */
      readonly heldCtimeNs?: bigint;
    }
  | { readonly kind: 'link' | 'missing' | 'other' };

export interface LinkPolicy {
  readonly requestState: RequestState;
  /** A switch that stops linking is on. */
  readonly stopped: boolean;
  /** The ways of reading a copy back that count as proof. */
  readonly acceptedReads: readonly CopyRead[];
  /** All files of the fileset that are not skipped are durable or beyond. */
  readonly filesetComplete: boolean;
}

export interface Reason {
  readonly code: string;
  readonly message: string;
}

type Check = (file: ArchiveFile, onDisk: OnDisk, inStore: CopyStatus | undefined, policy: LinkPolicy) => Reason | null;

const because = (code: string, message: string): Reason => ({ code, message });

const checks: readonly Check[] = [
  (_file, _onDisk, _inStore, { stopped }) =>
    stopped ? because('STOPPED', 'linking is stopped until a person resumes it') : null,
  (_file, _onDisk, _inStore, { requestState }) =>
    requestState === 'Running' || requestState === 'Error'
      ? null
      : because('REQUEST_NOT_APPROVED', `the request is ${requestState}, not approved`),
  (_file, _onDisk, _inStore, { filesetComplete }) =>
    filesetComplete ? null : because('FILESET_INCOMPLETE', 'another file of the fileset is not durable'),
  (file) =>
    file.state === 'sealed'
      ? null
      : because('WRONG_STATE', `the file is ${file.state}; only a durable one may be linked`),
  (file) => (hasDigest(file) ? null : because('NO_DIGEST', 'the original has no recorded SHA-256')),
  (file, onDisk) => originalUnchanged(file, onDisk),
  (file, _onDisk, inStore) => copyUnchanged(file, inStore),
  (file, _onDisk, _inStore, { acceptedReads }) =>
    file.copyRead && acceptedReads.includes(file.copyRead)
      ? null
      : because(
          'COPY_NOT_PROVEN',
          `the copy was read back as ${file.copyRead ?? 'never'}, which the policy does not accept as proof`,
        ),
  (_file, _onDisk, inStore) =>
    inStore?.durable === 'yes'
      ? null
      : because('NOT_DURABLE', `the store says ${inStore?.replicationState ?? 'nothing'}`),
  (file, _onDisk, inStore) => legacyPixelsSafe(file, inStore),
];

function hasDigest(file: ArchiveFile): boolean {
  return /^[0-9a-f]{64}$/.test(file.digests['SHA-256'] ?? '');
}

const originalGone = {
  missing: 'the original is missing',
  link: "a link is at the original's path",
  other: "something that is not a file is at the original's path",
} as const;

function originalUnchanged(file: ArchiveFile, onDisk: OnDisk): Reason | null {
  if (onDisk.kind !== 'file') return because('ORIGINAL_GONE', originalGone[onDisk.kind]);
  const now = onDisk.identity;
  const then = file.identity;
  // A hard link made by our own hold adds one to the count and changes ctime; nothing else may change either.
  const ours = onDisk.held !== null && onDisk.held.dev === now.dev && onDisk.held.ino === now.ino;
  const same = now.dev === then.dev && now.ino === then.ino && now.size === then.size && now.mtimeNs === then.mtimeNs;
  if (!same) return because('ORIGINAL_CHANGED', 'the original is not the file that was hashed');
  if (ours ? now.links !== then.links + 1 : now.links !== then.links)
    return because('ORIGINAL_HARD_LINKED', 'the original gained or lost a hard link since it was hashed');
  const sameRights = now.mode === then.mode && now.uid === then.uid && now.gid === then.gid;
  if (ours ? !sameRights : now.ctimeNs !== then.ctimeNs)
    return because('ORIGINAL_CHANGED', 'the original was touched since it was hashed');
  if (ours && onDisk.heldCtimeNs !== undefined && now.ctimeNs !== onDisk.heldCtimeNs)
    return because('ORIGINAL_CHANGED', 'the original was touched since it is held');
  return null;
}

function copyUnchanged(file: ArchiveFile, inStore: CopyStatus | undefined): Reason | null {
  if (!inStore) return because('COPY_MISSING', 'the store has no such copy');
  if (inStore.size !== file.size || inStore.size !== file.identity.size)
    return because('COPY_SIZE', `the copy has ${inStore.size} bytes, the original ${file.size}`);
  if (hasDigest(file) && file.copyDigest !== file.digests['SHA-256'])
    return because('COPY_DIFFERS', 'the copy was not proven to have the digest of the original');
  if (file.copyVersion === null || inStore.version !== file.copyVersion)
    return because('COPY_CHANGED', 'the copy is not the one that was proven');
  return null;
}

/** OMERO opens `Pixels/<id>` for writing even to read it, and would write through a link. */
function legacyPixelsSafe(file: ArchiveFile, inStore: CopyStatus | undefined): Reason | null {
  if (file.root !== 'Pixels') return null;
  if (file.identity.uid === 0)
    return because(
      'LEGACY_PIXELS_OF_ROOT',
      'OMERO seems to run as root and could write through the link into the copy',
    );
  if (inStore?.writable !== 'no')
    return because(
      'COPY_WRITABLE',
      'OMERO opens OMERO 4 pixels for writing, and the copy could be written through the link',
    );
  return null;
}

/**
 * Every reason against replacing the original, from facts read in this very run; an empty list means that it may be
 * replaced. Only the linker acts on it.
 */
export function reasonsToKeepOriginal(
  file: ArchiveFile,
  onDisk: OnDisk,
  inStore: CopyStatus | undefined,
  policy: LinkPolicy,
): readonly Reason[] {
  return checks.map((check) => check(file, onDisk, inStore, policy)).filter((reason) => reason !== null);
}

/** What is at an archived file's path: our own link, nothing, or something that is not ours. */
export type AtPath = 'our-link' | 'missing' | 'other';

/** Every reason against freeing the space of a held original; an empty list means that it may be freed. */
export function reasonsToKeepHeld(
  file: ArchiveFile,
  atPath: AtPath,
  held: Identity,
  inStore: CopyStatus | undefined,
  stopped: boolean,
): readonly Reason[] {
  const same =
    held.ino === file.identity.ino && held.size === file.identity.size && held.mtimeNs === file.identity.mtimeNs;
  return [
    stopped ? because('STOPPED', 'linking is stopped until a person resumes it') : null,
    file.state === 'linked' && file.linkedAt !== null
      ? null
      : because('WRONG_STATE', `the file is ${file.state}; only a linked one may be released`),
    atPath === 'our-link'
      ? null
      : because(
          'LINK_GONE',
          atPath === 'missing'
            ? 'the link is gone; was the image deleted in OMERO?'
            : 'something else stands where the link was',
        ),
    same ? null : because('HELD_CHANGED', 'the held original is not the file that was hashed'),
    hasDigest(file) ? null : because('NO_DIGEST', 'the original has no recorded SHA-256'),
    copyUnchanged(file, inStore),
    inStore?.durable === 'yes'
      ? null
      : because('NOT_DURABLE', `the store says ${inStore?.replicationState ?? 'nothing'}`),
  ].filter((reason) => reason !== null);
}

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
      : because('WRONG_STATE', `the file is ${file.state}; only a proven one may be put in place`),
    hasDigest(file) ? null : because('NO_DIGEST', 'the original had no recorded SHA-256'),
    filesetFetched ? null : because('FILESET_INCOMPLETE', 'another file of the fileset is not fetched'),
    atPath === 'our-link' ? null : because(...changedPath(atPath)),
    stagedUnchanged(file, staged),
  ].filter((reason) => reason !== null);
}

function changedPath(atPath: AtPath): [code: string, message: string] {
  return atPath === 'missing'
    ? ['LINK_GONE', 'the link is gone; was the image deleted in OMERO?']
    : ['PATH_TAKEN', 'something that is not ours stands where the link was'];
}

function stagedUnchanged({ fetched, size }: ArchiveFile, staged: Identity | null): Reason | null {
  if (!staged) return because('FETCHED_GONE', 'what was fetched is not there any more');
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
  if (!same) return because('FETCHED_CHANGED', 'what was fetched is not the file that was proven');
  return staged.size === size
    ? null
    : because('COPY_SIZE', `what was fetched has ${staged.size} bytes, the original had ${size}`);
}

export interface MoveLinkPolicy {
  /** A switch that stops linking is on. */
  readonly stopped: boolean;
  /** The ways of reading a copy back that the new store's settings accept as proof. */
  readonly acceptedReads: readonly CopyRead[];
  /** All files of the bag are settled in the new store. */
  readonly bagMoveSealed: boolean;
}

/** Codes of `reasonsToKeepOldLink` that concern the path alone: the copies in the new store are good. */
export const pathReasons: readonly string[] = ['LINK_GONE', 'PATH_TAKEN'];

/**
 * Every reason against replacing our link with one into another store; an empty list means that it may be replaced.
 * `copy` is the proof of the copy there, `inStore` is what that store reports of it now. A link of ours that already
 * leads there is `our-link`, too.
 */
export function reasonsToKeepOldLink(
  file: ArchiveFile,
  atPath: AtPath,
  copy: ProvenCopy | null,
  inStore: CopyStatus | undefined,
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
      : because('WRONG_STATE', `the file is ${file.state}; only a settled one may be linked to another store`),
    bagMoveSealed ? null : because('BAG_INCOMPLETE', 'another file of the bag is not settled in the other store'),
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
