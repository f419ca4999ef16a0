import { Refused, codeOf } from '@coldroom/domain';
import { constants, fchmodSync, fstatSync, mkdirSync } from 'node:fs';
import { open, opendir, readdir, type FileHandle } from 'node:fs/promises';
import { protectedMode } from './bag-directory';
import { splitPath } from './path';
import type { Root } from './roots';
import { syncDirectoryHandle } from './sync-directory';
import { below, directoryMode, joined, stepFailed } from './tree';

const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** An open directory: its names refer to it even if someone moves it or puts a link in its place. */
export interface Directory {
  /** The path of a name in it, for the calls of `node:fs/promises`. Refused unless it is a single component. */
  at(name: Buffer): Buffer;
  /** Opens a directory in it, never through a link; see `openDirectory`. */
  open(name: Buffer): Promise<Directory>;
  /**
   * Calls `act`, which makes, renames or removes names in it. If it is protected, it has its write permission for just
   * that long. `act` must not await anything: processes of the same user could write there meanwhile.
   */
  change<T>(act: () => T): T;
  /** Its entries, as bytes, in no particular order. */
  names(): Promise<readonly Buffer[]>;
  /** The same one by one, for a directory that may have very many. */
  each(): AsyncIterable<Buffer>;
  /** Until then, a power cut may lose names made, renamed or removed in it. */
  sync(): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly create?: boolean;
  readonly protect?: boolean;
}

/**
 * Opens a directory below a root (an empty path is the root itself), component by component, never through a link
 * (`Refused` `PARENT_NOT_A_DIRECTORY`). Missing: the system's `ENOENT`, unless `create` is set: then it is made, 0755,
 * and its name is synced. With `protect`, all directories of ours on the path, except the root, lose their write
 * permission (0555). `Transient` `ROOT_UNAVAILABLE` where the root is not mounted.
 */
export async function openDirectory(root: Root, path: Buffer, options: OpenOptions = {}): Promise<Directory> {
  const components = path.length === 0 ? [] : splitPath(path);
  let handle = await open(root.directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await root.check();
    for (const [depth, component] of components.entries()) {
      const next = await openStep(handle, component, joined(components.slice(0, depth + 1)), options);
      await handle.close();
      handle = next;
    }
    return new OpenDirectory(handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openStep(
  parent: FileHandle,
  name: Buffer,
  path: Buffer,
  { create = false, protect = false }: OpenOptions,
): Promise<FileHandle> {
  const at = below(parent.fd, name);
  try {
    return await opened(at, protect);
  } catch (error) {
    if (!create || codeOf(error) !== 'ENOENT') throw stepFailed(error, path);
  }
  const mode = protect ? protectedMode : directoryMode;
  const made = whileOpenedUp(parent.fd, () => make(at, mode));
  try {
    const handle = await opened(at, protect);
    if (made) fchmodSync(handle.fd, mode); // the umask may have restricted it
    await syncDirectoryHandle(parent);
    return handle;
  } catch (error) {
    throw stepFailed(error, path);
  }
}

async function opened(at: Buffer, protect: boolean): Promise<FileHandle> {
  const handle = await open(at, flags);
  try {
    if (protect && isOwnAndWritable(handle.fd)) fchmodSync(handle.fd, protectedMode);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function make(at: Buffer, mode: number): boolean {
  try {
    mkdirSync(at, mode);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false; // another process was faster: just as good
  }
}

function isOwnAndWritable(fd: number): boolean {
  const { uid, mode } = fstatSync(fd);
  return uid === process.geteuid!() && (mode & 0o222) !== 0;
}

function whileOpenedUp<T>(fd: number, act: () => T): T {
  const { uid, mode } = fstatSync(fd);
  if (uid !== process.geteuid!() || (mode & 0o200) !== 0) return act();
  fchmodSync(fd, directoryMode);
  try {
    return act();
  } finally {
    fchmodSync(fd, mode & 0o7777);
  }
}

class OpenDirectory implements Directory {
  private closing: Promise<void> | undefined;

  constructor(private readonly handle: FileHandle) {}

  at(name: Buffer): Buffer {
    if (this.closing) throw new Error('the directory is closed');
    const [single, ...more] = splitPath(name);
    if (!single || more.length > 0)
      throw new Refused('PATH_NOT_ALLOWED', 'A name in a directory cannot contain a slash.');
    return below(this.handle.fd, single);
  }

  async open(name: Buffer): Promise<Directory> {
    return new OpenDirectory(await openStep(this.handle, name, name, {}));
  }

  change<T>(act: () => T): T {
    return whileOpenedUp(this.handle.fd, act);
  }

  async names(): Promise<readonly Buffer[]> {
    return readdir(`/proc/self/fd/${this.handle.fd}`, { encoding: 'buffer' });
  }

  async *each(): AsyncGenerator<Buffer> {
    const entries = await opendir(`/proc/self/fd/${this.handle.fd}`, {
      encoding: 'buffer' as BufferEncoding,
      bufferSize: 500,
    });
    // With this encoding the names are bytes; the types know only text.
    for await (const { name } of entries) yield name as unknown as Buffer;
  }

  async sync(): Promise<void> {
    await syncDirectoryHandle(this.handle);
  }

  close(): Promise<void> {
    this.closing ??= this.handle.close();
    return this.closing;
  }
}
