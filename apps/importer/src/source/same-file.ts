import type { Identity } from '@coldroom/domain';

/** The same inode with the same size and mtime: what our own links and moves leave as it is. */
export function sameFile(one: Identity, other: Identity): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs;
}
