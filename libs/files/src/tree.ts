import { Refused, Transient, codeOf } from '@coldroom/domain';
import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { displayPath, splitPath } from './path';
import { readMarker } from './roots';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
const openLimit = 64;
export const directoryMode = 0o755;

/** The path of `name` in an open directory. The kernel resolves the descriptor: no link above it can redirect us. */
export function below(fd: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
}

/** What a failed step of the walk means: a link (or anything but a directory) on the path is `Refused`. */
export function stepFailed(error: unknown, path: Buffer): unknown {
  if (!['ELOOP', 'ENOTDIR'].includes(codeOf(error))) return error;
  const shown = displayPath(path);
  return new Refused(
    'PARENT_NOT_A_DIRECTORY',
    `"${shown}" is a link or not a directory; paths are not followed through it.`,
    { path: shown },
    { cause: error },
  );
}

/**
 * Directories below one root, for worker threads. Each is opened from its parent without following links: a parent that
 * was swapped for a link leads nowhere. Keeps the most recently used ones open; close it after the batch.
 */
export class Tree {
  readonly fd: number;
  private readonly open = new Map<string, number>();

  /** `Transient` `ROOT_UNAVAILABLE` if the root has no marker. */
  constructor(readonly root: string) {
    this.fd = openRootDirectory(root);
  }

  /**
   * The parent's descriptor and the last name of a path. Use both before the next call, which may close the descriptor.
   */
  locate(path: Buffer): { readonly parent: number; readonly at: Buffer } {
    const components = splitPath(path);
    const name = components.pop()!;
    const parent = this.directory(components);
    return { parent, at: below(parent, name) };
  }

  /**
   * As `locate`, and makes the missing directories (0755 whatever the umask, or `mode`). `beforeChange` is called before
   * anything is made.
   */
  locateToWrite(
    path: Buffer,
    beforeChange: () => void,
    mode = directoryMode,
  ): { readonly parent: number; readonly at: Buffer } {
    const components = splitPath(path);
    const name = components.pop()!;
    const parent = this.directory(components, beforeChange, mode);
    return { parent, at: below(parent, name) };
  }

  /** An open directory, by its components from the root. Valid until the next call. */
  directory(components: readonly Buffer[], makeMissing?: () => void, mode = directoryMode): number {
    const last = components.at(-1);
    if (!last) return this.fd;
    const path = joined(components);
    const key = path.toString('latin1');
    const known = this.open.get(key);
    if (known !== undefined) {
      this.open.delete(key); // set again below: the map's order is the order of use
      this.open.set(key, known);
      return known;
    }
    const at = below(this.directory(components.slice(0, -1), makeMissing, mode), last);
    const fd = makeMissing ? openOrMake(at, path, makeMissing, mode) : openStep(at, path);
    this.open.set(key, fd);
    if (this.open.size > openLimit) this.closeOldest();
    return fd;
  }

  close(): void {
    for (const fd of this.open.values()) closeSync(fd);
    this.open.clear();
    closeSync(this.fd);
  }

  private closeOldest(): void {
    const [key, fd] = this.open.entries().next().value!;
    this.open.delete(key);
    closeSync(fd);
  }
}

function openRootDirectory(root: string): number {
  let fd: number;
  try {
    fd = openSync(root, O_RDONLY | O_DIRECTORY);
  } catch (error) {
    throw new Transient(
      'ROOT_UNAVAILABLE',
      `The root ${root} cannot be opened (${codeOf(error)}). Mount it, or give this service's user the right to read it.`,
      { root },
      { cause: error },
    );
  }
  try {
    readMarker(fd, root);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openStep(at: Buffer, path: Buffer): number {
  try {
    return openSync(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    throw stepFailed(error, path);
  }
}

function openOrMake(at: Buffer, path: Buffer, beforeChange: () => void, mode: number): number {
  try {
    return openedUp(openStep(at, path), beforeChange, mode);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  beforeChange();
  try {
    mkdirSync(at, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return openStep(at, path); // another worker was faster: just as good
    throw error;
  }
  const fd = openStep(at, path);
  fchmodSync(fd, mode); // the umask may have restricted it
  return fd;
}

/** A directory of ours that an interrupted seal has protected can be written to again. */
export function openedUp(fd: number, beforeChange: () => void, mode = directoryMode): number {
  const now = fstatSync(fd);
  if (now.uid !== process.geteuid!() || (now.mode & 0o200) !== 0) return fd;
  beforeChange();
  fchmodSync(fd, mode);
  return fd;
}

export function joined(components: readonly Buffer[]): Buffer {
  return Buffer.concat(components.flatMap((component, at) => (at === 0 ? [component] : [Buffer.of(0x2f), component])));
}
