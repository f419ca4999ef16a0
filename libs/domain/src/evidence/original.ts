import type { ArchiveFile, CopyRead, Identity } from '../model';
import type { RequestState } from '../states';
import type { CopyStatus } from '../store';
import { because, copyUnchanged, hasDigest, legacyPixelsSafe, type AtPath, type Reason } from './checks';

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

type Check = (file: ArchiveFile, onDisk: OnDisk, inStore: CopyStatus | undefined, policy: LinkPolicy) => Reason | null;

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
    return because('ORIGINAL_CHANGED', 'the original was touched since it was held');
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

/** What was found of an original that is held. */
export interface HeldFacts {
  readonly atPath: AtPath;
  readonly held: Identity;
  readonly inStore: CopyStatus | undefined;
}

/** Every reason against freeing the space of a held original; an empty list means that it may be freed. */
export function reasonsToKeepHeld(
  file: ArchiveFile,
  { atPath, held, inStore }: HeldFacts,
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
            : "something else is at the link's path",
        ),
    same ? null : because('HELD_CHANGED', 'the held original is not the file that was hashed'),
    hasDigest(file) ? null : because('NO_DIGEST', 'the original has no recorded SHA-256'),
    copyUnchanged(file, inStore),
    inStore?.durable === 'yes'
      ? null
      : because('NOT_DURABLE', `the store says ${inStore?.replicationState ?? 'nothing'}`),
  ].filter((reason) => reason !== null);
}
