import { Refused, Transient, codeOf } from '@coldroom/domain';
import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/**
 * Refuses a store inside an OMERO root or around one (`STORE_INSIDE_OMERO`): OMERO would list the copies, and its
 * cleanse would remove them. Also refuses one on the file system of a root (`STORE_ON_SAME_FILE_SYSTEM`): one broken
 * disk would destroy original and copy.
 */
export async function checkPlacement(
  directory: string,
  omeroRoots: readonly string[],
  sameFileSystemAllowed: boolean,
): Promise<void> {
  const store = await lookAt(directory);
  for (const each of omeroRoots) {
    const root = await lookAt(each);
    if (contains(root.path, store.path) || contains(store.path, root.path)) {
      throw new Refused(
        'STORE_INSIDE_OMERO',
        `The store ${directory} and the OMERO root ${each} lie one inside the other; give the store a place of its own.`,
        { store: directory, root: each },
      );
    }
    if (root.dev !== null && root.dev === store.dev && !sameFileSystemAllowed) {
      throw new Refused(
        'STORE_ON_SAME_FILE_SYSTEM',
        `The store ${directory} is on the file system of the OMERO root ${each}: one broken disk would take originals and copies. Move it, or set sameFileSystem for it.`,
        { store: directory, root: each },
      );
    }
  }
}

/**
 * An OMERO root may be missing (not every server has data of OMERO 4), or invisible to a service that does not use it
 * (those that do check it themselves): then only its path is compared.
 */
async function lookAt(directory: string): Promise<{ readonly path: string; readonly dev: bigint | null }> {
  try {
    const path = await realpath(directory);
    return { path, dev: (await stat(path, { bigint: true })).dev };
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes(codeOf(error))) return { path: resolve(directory), dev: null };
    throw new Transient(
      'ROOT_UNAVAILABLE',
      `The directory ${directory} cannot be looked at (${codeOf(error)}).`,
      { root: directory },
      { cause: error },
    );
  }
}

function contains(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}
