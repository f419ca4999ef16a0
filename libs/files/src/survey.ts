import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fsyncSync, lstatSync, openSync, readdirSync, type Dirent } from 'node:fs';
import { codeOf, Transient } from '@coldroom/domain';
import { splitPath } from './path';
import { isTemporaryName } from './temporary-names';
import { below, stepFailed } from './tree';
import type { Trees } from './trees';
import { bytesOf, wirePath, type WirePath } from './wire';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
const slash = Buffer.from('/');
/** More directories than this are no list of sets. */
const mostDirectories = 100_000;

export interface SurveyTask {
  readonly root: string;
  readonly depth: number;
  readonly named: WirePath;
}

/** A directory below a root. Hidden ones, and those that cannot be opened, are left out. */
export interface WireDirectory {
  readonly path: WirePath;
  readonly depth: number;
  /** It has a file of the name that was asked for. */
  readonly marked: boolean;
}

/** All directories down to a depth. No file is inspected or opened. */
export function survey({ root, depth, named }: SurveyTask, trees: Trees): readonly WireDirectory[] {
  const found: WireDirectory[] = [];
  const name = bytesOf(named);
  const visit = (fd: number, path: Buffer, level: number): void => {
    const entries = entriesOf(fd);
    if (level > 0)
      found.push({
        path: wirePath(path),
        depth: level,
        marked: entries.some((entry) => entry.isFile() && entry.name.equals(name)),
      });
    if (found.length > mostDirectories)
      throw new Transient('TOO_MANY_DIRECTORIES', `${root} has more than ${mostDirectories} directories to look at.`);
    if (level === depth) return;
    for (const entry of entries)
      if (entry.isDirectory() && entry.name[0] !== 0x2e)
        inside(fd, entry.name, (next) => visit(next, joined(path, entry.name), level + 1));
  };
  visit(trees.at(root).fd, Buffer.alloc(0), 0);
  return found;
}

export interface SummaryTask {
  readonly root: string;
  readonly path: WirePath;
  readonly marker: WirePath | undefined;
  /** Syncs every directory, so that no power cut takes a name away. */
  readonly sync: boolean;
}

/** What is below a directory, without any content. */
export interface WireSummary {
  readonly files: number;
  readonly bytes: bigint;
  /** SHA-256 over the names, sizes and times of all files, in hex. */
  readonly look: string;
  /** When a file was changed last, in nanoseconds. */
  readonly newest: bigint;
  /** The first name of a file that is still being written. */
  readonly temporary: WirePath | null;
  /** The first entry that is neither a file nor a directory. */
  readonly odd: WirePath | null;
  /** The file that says the directory is complete is directly in it. */
  readonly marked: boolean;
}

/** Looks at every entry below a directory. In memory are the names of one directory at a time, and of those above it. */
export function summarize({ root, path, marker, sync }: SummaryTask, trees: Trees): WireSummary {
  const hash = createHash('sha256');
  const sum = { files: 0, bytes: 0n, newest: 0n, temporary: null as WirePath | null, odd: null as WirePath | null };
  const visit = (fd: number, at: Buffer): void => {
    for (const entry of entriesOf(fd).sort((one, other) => one.name.compare(other.name))) {
      const path = joined(at, entry.name);
      if (isTemporaryName(entry.name)) sum.temporary ??= wirePath(path);
      const stats = lstatSync(below(fd, entry.name), { bigint: true, throwIfNoEntry: false });
      if (stats?.isDirectory()) {
        add(hash, path, 'directory');
        inside(fd, entry.name, (next) => visit(next, path));
      } else if (stats?.isFile()) {
        add(hash, path, `${stats.size} ${stats.mtimeNs}`);
        sum.files += 1;
        sum.bytes += stats.size;
        if (stats.mtimeNs > sum.newest) sum.newest = stats.mtimeNs;
      } else {
        add(hash, path, stats ? 'odd' : 'gone');
        if (stats) sum.odd ??= wirePath(path);
      }
    }
    if (sync) fsyncSync(fd);
  };
  const fd = trees.at(root).directory(splitPath(bytesOf(path)));
  const name = marker === undefined ? undefined : bytesOf(marker);
  const marked = name === undefined || entriesOf(fd).some((entry) => entry.isFile() && entry.name.equals(name));
  visit(fd, Buffer.alloc(0));
  return { ...sum, look: hash.digest('hex'), marked };
}

/** The length comes first, so that no two lists of names give the same bytes. */
function add(hash: Hash, path: Buffer, what: string): void {
  hash.update(`${path.length} ${what}\n`).update(path);
}

function entriesOf(fd: number): Dirent<Buffer>[] {
  return readdirSync(`/proc/self/fd/${fd}`, { withFileTypes: true, encoding: 'buffer' }) as unknown as Dirent<Buffer>[];
}

/** A directory that is gone or that became a link meanwhile is left out; the next look finds what is there then. */
function inside(parent: number, name: Buffer, visit: (fd: number) => void): void {
  let fd: number;
  try {
    fd = openSync(below(parent, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'EACCES'].includes(codeOf(error))) return;
    throw stepFailed(error, name);
  }
  try {
    visit(fd);
  } finally {
    closeSync(fd);
  }
}

const joined = (path: Buffer, name: Buffer): Buffer => (path.length === 0 ? name : Buffer.concat([path, slash, name]));
