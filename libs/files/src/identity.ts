import type { Identity } from '@coldroom/domain';
import { constants, type BigIntStats } from 'node:fs';

/** `mode` is the whole st_mode, file type included. */
export function identityOf(stats: BigIntStats): Identity {
  return {
    dev: stats.dev,
    ino: stats.ino,
    size: stats.size,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    links: Number(stats.nlink),
    mode: Number(stats.mode),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
  };
}

/** The same inode with the same content, as far as the file system shows without reading. */
export function sameContent(one: Identity, other: Identity): boolean {
  return (
    one.dev === other.dev &&
    one.ino === other.ino &&
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs
  );
}

export type FileType = 'file' | 'link' | 'directory' | 'other';

export function typeOf(mode: number): FileType {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFREG:
      return 'file';
    case constants.S_IFLNK:
      return 'link';
    case constants.S_IFDIR:
      return 'directory';
    default:
      return 'other';
  }
}

export function isSymlink(identity: Identity): boolean {
  return typeOf(identity.mode) === 'link';
}
