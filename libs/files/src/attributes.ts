import { Refused, codeOf, messageOf, type Identity } from '@coldroom/domain';
import { fchmodSync, fchownSync, fstatSync } from 'node:fs';
import { listAttributes, readAttribute, setTimes, writeAttribute } from './native';
import { displayPath } from './path';

/** An archive copy has no write bit and no set-id bit: the original mode is recorded beside it. */
export const copyModeMask = 0o555;
const ownCopyMode = 0o440;

/**
 * Which extended attributes belong to the content. Left out: `security.*` (labels and signatures that each system sets
 * by its own policy), `trusted.*` (bookkeeping of overlay and cluster file systems) and the ACLs of NFS and CIFS
 * servers (valid on that server only). The mask that the mode sets disables the write bits of a POSIX ACL.
 */
function isKept(name: string): boolean {
  return name.startsWith('user.') || name === 'system.posix_acl_access';
}

export interface ExtendedAttribute {
  readonly name: Buffer;
  readonly value: Buffer;
}

/** The extended attributes that a copy must keep. None where the file system does not support them. */
export function readAttributes(fd: number): readonly ExtendedAttribute[] {
  try {
    return listAttributes(fd)
      .filter((name) => isKept(name.toString('latin1')))
      .map((name) => ({ name, value: readAttribute(fd, name) }));
  } catch (error) {
    if (['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS'].includes(codeOf(error))) return [];
    throw error;
  }
}

/**
 * Gives the copy its source's extended attributes, mode, mtime and owner. Throws `Refused` for what the target does not
 * keep. The owner comes last: without further rights, nothing can be set on another user's file.
 */
export function keepAttributes(
  copy: number,
  source: Identity,
  attributes: readonly ExtendedAttribute[],
  path: Buffer,
): void {
  for (const attribute of attributes) keepExtendedAttribute(copy, attribute, path);
  fchmodSync(copy, source.mode & copyModeMask);
  keepOwnerAndTime(copy, source, path);
}

/** For a copy that is ours and is read by others of our group: the mtime alone. */
export function keepTime(copy: number, source: Identity, path: Buffer): void {
  fchmodSync(copy, ownCopyMode);
  setTimes(copy, fstatSync(copy, { bigint: true }).atimeNs, source.mtimeNs);
  checkModificationTime(copy, source, path);
}

/** The last attributes that a file is given; see `keepAttributes`. */
export function keepOwnerAndTime(to: number, as: Identity, path: Buffer): void {
  setTimes(to, fstatSync(to, { bigint: true }).atimeNs, as.mtimeNs);
  keepOwner(to, as, path);
  checkModificationTime(to, as, path);
}

function keepExtendedAttribute(copy: number, { name, value }: ExtendedAttribute, path: Buffer): void {
  try {
    writeAttribute(copy, name, value);
  } catch (error) {
    if (['EIO', 'EROFS'].includes(codeOf(error))) throw error; // not of this attribute
    const attribute = displayPath(name);
    throw notKept({ code: 'XATTR_NOT_KEPT', what: `its extended attribute ${attribute}`, attribute }, path, error);
  }
}

function keepOwner(to: number, source: Identity, path: Buffer): void {
  const { uid, gid } = fstatSync(to);
  if (uid === source.uid && gid === source.gid) return;
  try {
    fchownSync(to, source.uid, source.gid);
  } catch (error) {
    throw notKept({ code: 'OWNER_NOT_KEPT', what: `its owner ${source.uid}:${source.gid}` }, path, error);
  }
}

/** The precisions to which file systems truncate times: 100 ns (NTFS, SMB), 1 us, 1 ms, 1 s (old ext), 2 s (FAT). */
const granularities = [1n, 100n, 1_000n, 1_000_000n, 1_000_000_000n, 2_000_000_000n];

function checkModificationTime(to: number, source: Identity, path: Buffer): void {
  const { mtimeNs } = fstatSync(to, { bigint: true });
  const lost = source.mtimeNs - mtimeNs;
  if (granularities.some((unit) => lost >= 0n && lost < unit && mtimeNs % unit === 0n)) return;
  throw new Refused(
    'MTIME_NOT_KEPT',
    `The copy of "${displayPath(path)}" has another modification time than was set: OMERO would parse the file again at each view.`,
    { path: displayPath(path), wanted: source.mtimeNs, found: mtimeNs },
  );
}

function notKept(
  { code, what, ...details }: { readonly code: string; readonly what: string; readonly attribute?: string },
  path: Buffer,
  cause: unknown,
): Refused {
  const shown = displayPath(path);
  return new Refused(
    code,
    `The copy of "${shown}" could not be given ${what} (${messageOf(cause)}).`,
    { path: shown, ...details },
    { cause },
  );
}
