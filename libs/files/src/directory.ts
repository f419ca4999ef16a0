import { Refused, codeOf } from '@coldroom/domain';
import { constants } from 'node:fs';
import { mkdir, open, readdir, type FileHandle } from 'node:fs/promises';
import { splitPath } from './path';
import type { Root } from './roots';
import { below, directoryMode, joined, stepFailed } from './tree';

const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** An open directory: its names stay its own even where somebody moves it or puts a link in its place. */
export interface Directory {
  /** The path of a name in it, for the calls of `node:fs/promises`. Refused unless it is a single component. */
  at(name: Buffer): Buffer;
  /** Opens a directory in it, never through a link; see `openDirectory`. */
  open(name: Buffer): Promise<Directory>;
  /** What is in it, as bytes, in no particular order. */
  names(): Promise<readonly Buffer[]>;
  /** Until then, names made, renamed or removed in it may be lost by a power cut. */
  sync(): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens a directory below a root (an empty path is the root itself), component by component, never through a link
 * (`Refused` `PARENT_NOT_A_DIRECTORY`). Missing: the system's `ENOENT`, unless `create` is set: then it is made, 0755,
 * and its name is synced. `Transient` `ROOT_AWAY` where the root is not mounted.
 */
export async function openDirectory(root: Root, path: Buffer, { create = false }: { readonly create?: boolean } = {}): Promise<Directory> {
  const components = path.length === 0 ? [] : splitPath(path);
  let handle = await open(root.directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await root.check();
    for (const [depth, component] of components.entries()) {
      const next = await openStep(handle, component, joined(components.slice(0, depth + 1)), create);
      await handle.close();
      handle = next;
    }
    return new OpenDirectory(handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openStep(parent: FileHandle, name: Buffer, path: Buffer, create: boolean): Promise<FileHandle> {
  const at = below(parent.fd, name);
  try {
    return await open(at, flags);
  } catch (error) {
    if (!create || codeOf(error) !== 'ENOENT') throw stepFailed(error, path);
  }
  const made = await mkdir(at, directoryMode).then(() => true, (error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error; // somebody was quicker: just as good
    return false;
  });
  try {
    const handle = await open(at, flags);
    if (made) await handle.chmod(directoryMode); // the umask may have narrowed it
    await parent.sync();
    return handle;
  } catch (error) {
    throw stepFailed(error, path);
  }
}

class OpenDirectory implements Directory {
  private closing: Promise<void> | undefined;

  constructor(private readonly handle: FileHandle) {}

  at(name: Buffer): Buffer {
    if (this.closing) throw new Error('the directory is closed');
    const [single, ...more] = splitPath(name);
    if (!single || more.length > 0) throw new Refused('PATH_NOT_ALLOWED', 'A name in a directory cannot contain a slash.');
    return below(this.handle.fd, single);
  }

  async open(name: Buffer): Promise<Directory> {
    return new OpenDirectory(await openStep(this.handle, name, name, false));
  }

  async names(): Promise<readonly Buffer[]> {
    return readdir(`/proc/self/fd/${this.handle.fd}`, { encoding: 'buffer' });
  }

  async sync(): Promise<void> {
    await this.handle.sync();
  }

  close(): Promise<void> {
    this.closing ??= this.handle.close();
    return this.closing;
  }
}
