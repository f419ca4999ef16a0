import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A file as it was before any software of ours ran. */
export interface Frozen {
  readonly digest: string;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly mode: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
}

/** The paths of all files and links below a directory, relative to it; names in `except` are not entered. */
export function filesBelow(directory: string, except: readonly string[] = []): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (except.includes(entry.name)) return [];
    return entry.isDirectory()
      ? filesBelow(join(directory, entry.name)).map((path) => join(entry.name, path))
      : [entry.name];
  });
}

/** Reads through links: what OMERO would see. */
export function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

export function freeze(path: string): Frozen {
  const { size, mtimeNs, ino, mode, uid, gid } = lstatSync(path, { bigint: true });
  return { digest: digestOf(path), size, mtimeNs, ino, mode, uid, gid };
}

/**
 * The differences between the earlier file and what is read at its path now, through a link or not, where times are kept
 * in this unit.
 */
export function readFaults(path: string, then: Frozen, unitNs = 1n): string[] {
  try {
    const now = statSync(path, { bigint: true });
    const faults: string[] = [];
    if (now.size !== then.size || digestOf(path) !== then.digest) faults.push('reads other bytes than before');
    if (now.mtimeNs !== then.mtimeNs && now.mtimeNs !== then.mtimeNs - (then.mtimeNs % unitNs))
      faults.push('has another mtime than before');
    return faults;
  } catch (error) {
    return [`cannot be read: ${(error as Error).message}`];
  }
}

/** The differences between the earlier file and the file that is itself at the path. */
export function untouchedFaults(path: string, then: Frozen): string[] {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!now) return ['is missing'];
  if (!now.isFile()) return ['is no longer a regular file'];
  return now.ino === then.ino && now.mode === then.mode && now.uid === then.uid && now.gid === then.gid
    ? []
    : ['is not the same file as before'];
}

/** The differences between the earlier file and the restored one: another inode, otherwise the same. */
export function restoredFaults(path: string, then: Frozen): string[] {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!now?.isFile()) return [now ? 'is no regular file' : 'is missing'];
  return now.mode === then.mode && now.uid === then.uid && now.gid === then.gid && now.nlink === 1n
    ? []
    : ['has another mode, owner or number of names than before'];
}

/**
 * Everything that would show a change: inode, size, times, mode and link target of everything below some directories.
 */
export function imageOf(...directories: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    directories.flatMap((directory) => {
      const below = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((path) => join(directory, path));
      return [directory, ...below].filter((path) => !isCheck(path)).map((path) => [path, shown(path)]);
    }),
  );
}

/** A store's check makes, and removes, a few files in the directory of open bags, at any time. */
const isCheck = (path: string): boolean => path.includes('/.open/.check-');

function shown(path: string): string {
  const { ino, size, mtimeNs, ctimeNs, mode, nlink } = lstatSync(path, { bigint: true });
  if (path.endsWith('/.open')) return [ino, mode].join(' ');
  const target = lstatSync(path).isSymbolicLink() ? readlinkSync(path) : '';
  return [ino, size, mtimeNs, ctimeNs, mode, nlink, target].join(' ');
}
