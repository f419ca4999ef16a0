import { Refused, codeOf } from '@coldroom/domain';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  writeSync,
  fsyncSync,
} from 'node:fs';
import { typeOf } from './identity';
import type { Kept } from './kept';
import { syncDirectory } from './sync-directory';
import { displayPath } from './path';
import { below, openedUp, stepFailed } from './tree';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants;
/** The mode of the directories of a sealed bag. */
export const protectedMode = 0o555;

export function namesIn(fd: number): Buffer[] {
  return readdirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' });
}

/** Opens a directory below another one while `act` runs; never through a link. */
export function inDirectory<T>(parent: number, name: Buffer, act: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(below(parent, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    throw stepFailed(error, name);
  }
  try {
    return act(fd);
  } finally {
    closeSync(fd);
  }
}

/** Removes from a directory of an open bag everything that is not kept. */
export function dropExtras(fd: number, kept: Kept, beforeChange: () => void): void {
  const { dev } = fstatSync(fd);
  for (const name of namesIn(fd)) {
    const wanted = kept.get(name.toString('latin1'));
    if (wanted === 'file') continue; // checked above: it is a regular file
    if (wanted) inDirectory(fd, name, (inner) => dropExtras(inner, wanted, beforeChange));
    else drop(fd, name, dev, beforeChange);
  }
}

function drop(parent: number, name: Buffer, dev: number, beforeChange: () => void): void {
  const at = below(parent, name);
  const found = lstatSync(at);
  if (found.dev !== dev)
    throw new Refused(
      'FOREIGN_MOUNT',
      `Another file system is mounted at "${displayPath(name)}" inside an open bag; unmount it.`,
    );
  openedUp(parent, beforeChange);
  if (typeOf(found.mode) === 'directory') {
    inDirectory(parent, name, (inner) => namesIn(inner).forEach((each) => drop(inner, each, dev, beforeChange)));
    beforeChange();
    rmdirSync(at);
  } else {
    beforeChange();
    unlinkSync(at);
  }
}

/** Removes the write bits from all directories below, and syncs each. */
export function protectDirectories(fd: number, kept: Kept, beforeChange: () => void): void {
  for (const [name, inner] of kept) {
    if (inner === 'file') continue;
    inDirectory(fd, Buffer.from(name, 'latin1'), (inside) => {
      protectDirectories(inside, inner, beforeChange);
      beforeChange();
      fchmodSync(inside, protectedMode);
      syncDirectory(inside);
    });
  }
}

/** Writes a small file that must not exist yet, read-only and synced. */
export function writeFileOnce(directory: number, name: Buffer, content: Uint8Array, beforeChange: () => void): void {
  beforeChange();
  const fd = openSync(below(directory, name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let done = 0; done < content.length;) done += writeSync(fd, content, done);
    fchmodSync(fd, 0o444);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The content of a small regular file, or null where there is none of that name. */
export function readSmall(directory: number, name: Buffer): Buffer | null {
  let fd: number;
  try {
    fd = openSync(below(directory, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
