import type { Answer } from './model';

/** What Coldroom asks of a file system, in the order in which it is shown. */
export const abilities = [
  'hard links',
  'fresh attributes',
  'symbolic links',
  'exchange',
  'rename without replacing',
  'renames without changes',
  'permissions',
  'modification times',
  'direct reads',
  'sync of files',
  'sync of directories',
  'upper and lower case',
  'Unicode forms',
  'any bytes in names',
  'extended attributes',
  'owners',
  'stable inode numbers',
] as const;
export type Ability = (typeof abilities)[number];

export interface AbilityFound {
  readonly answer: Answer;
  /** How it was found: the call and what the system reported. */
  readonly how: string;
}

/** A file system as a directory on it was found, by files of our own. */
export interface FileSystemLook {
  readonly directory: string;
  /** As mounted: `ext4`, `nfs4`, `fuse.mergerfs`; empty where the system does not say. */
  readonly type: string;
  /** ISO 8601. */
  readonly at: string;
  readonly abilities: Readonly<Record<Ability, AbilityFound>>;
  /** The unit in which modification times are kept, in nanoseconds; null where they are not kept. */
  readonly timeUnitNs: number | null;
  /** Bytes in one name. */
  readonly longestName: number;
  /** Whom a new file belongs to; a look that an earlier version has kept does not know it. */
  readonly newFiles?: { readonly uid: number; readonly gid: number };
  /** Of the root's marker, and its inode number: the same marker with another number shows that numbers change. */
  readonly marker: { readonly id: string; readonly name: string; readonly ino: string };
}
