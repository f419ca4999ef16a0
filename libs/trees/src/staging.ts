import { Refused, type ArchiveFile, type Identity, type Store } from '@coldroom/domain';
import { identify, openRoot, typeOf, type Root } from '@coldroom/files';
import { join } from 'node:path';
import type { Originals } from './originals';

/**
 * Where held originals are, and fetched files on their way to their place. Each directory has a marker, like every
 * root.
 */
export class HoldDirectories {
  constructor(readonly paths: readonly string[]) {}

  /**
   * The one on this device that has a directory of the bag, else the first. A hard link or a rename cannot leave its
   * file system, and the settings may now name another directory first than when the bag's originals were held.
   */
  async on(device: bigint, bag: string): Promise<Root> {
    const usable: Root[] = [];
    for (const path of this.paths) {
      const root = await openRoot(path, 'hold');
      if ((await identify(root.directory))?.dev === device) usable.push(root);
    }
    for (const root of usable) if (await identify(join(root.directory, bag))) return root;
    if (usable[0]) return usable[0];
    throw new Refused(
      'HOLD_ON_OTHER_FILE_SYSTEM',
      `no hold directory (${this.paths.join(', ')}) is on the original's file system; name one with COLDROOM_HOLD_DIRS`,
    );
  }
}

/** Where originals are held unless `COLDROOM_HOLD_DIRS` names other directories. */
export function defaultHold(dataDir: string): string {
  return join(dataDir, '.coldroom', 'hold');
}

/** The hold directories that the settings name, or the default one. */
export function holdPaths({
  OMERO_DATA_DIR: dataDir,
  COLDROOM_HOLD_DIRS: named,
}: {
  readonly OMERO_DATA_DIR: string;
  readonly COLDROOM_HOLD_DIRS?: readonly string[] | undefined;
}): readonly string[] {
  return named ?? [defaultHold(dataDir)];
}

/** A place below a root with a marker. */
export interface Staged {
  readonly root: string;
  readonly path: Buffer;
}

/**
 * Where a file is fetched to: on the file system of its final place, so that one rename puts it there. A restored file
 * waits beside the held originals; a recalled one in the recall directory of its store.
 */
export class Staging {
  constructor(
    private readonly originals: Originals,
    private readonly holds: HoldDirectories,
  ) {}

  /**
   * One place for each file, in order. `Refused` `NOT_RECALLABLE` if the store's links lead to the copies themselves.
   */
  async of(files: readonly ArchiveFile[], bag: string, store: Store): Promise<readonly Staged[]> {
    const holds = new Map<string, Promise<string>>();
    const holdOf = (root: ArchiveFile['root']): Promise<string> => {
      const known = holds.get(root) ?? this.holdOf(root, bag);
      holds.set(root, known);
      return known;
    };
    return Promise.all(
      files.map(async (file) =>
        file.retrieval === 'recall'
          ? { root: recallRoot(store), path: Buffer.from(`${recallStaging}/${bag}/${file.id}`) }
          : { root: await holdOf(file.root), path: Buffer.from(`${bag}/${fetchedName(file)}`) },
      ),
    );
  }

  /** Where copies wait on their way from one store to another: beside the held originals. */
  async onTheWay(files: readonly ArchiveFile[], bag: string): Promise<readonly Staged[]> {
    const holds = new Map<string, string>();
    for (const { root } of files) if (!holds.has(root)) holds.set(root, await this.holdOf(root, bag));
    return files.map((file) => ({
      root: holds.get(file.root) as string,
      path: Buffer.from(`${bag}/${movingName(file)}`),
    }));
  }

  private async holdOf(name: ArchiveFile['root'], bag: string): Promise<string> {
    const root = await this.originals.root(name);
    return (await this.holds.on((await identify(root.realPath))?.dev ?? -1n, bag)).directory;
  }
}

/** In a recall directory: files that are being fetched. Bag names never begin with a dot. */
export const recallStaging = '.fetching';

/** In a bag's hold directory. The name of a held original is its number alone. */
export const fetchedName = (file: ArchiveFile): string => `${file.id}.fetched`;

/** Beside it: a copy on its way to another store. */
export const movingName = (file: ArchiveFile): string => `${file.id}.moving`;

/**
 * A rename changes ctime, and a device may get another number when the machine restarts; the rest remains that of the
 * proven file.
 */
export function isFetched(now: Identity, { fetched }: ArchiveFile): boolean {
  return (
    fetched !== null &&
    typeOf(now.mode) === 'file' &&
    now.ino === fetched.ino &&
    now.size === fetched.size &&
    now.mtimeNs === fetched.mtimeNs
  );
}

export function recallRoot(store: Store): string {
  if (store.recallRoot !== undefined) return store.recallRoot;
  throw new Refused(
    'NOT_RECALLABLE',
    `links into store ${store.name} lead to the copies themselves: there is nothing to recall; the images open as they are, or can be restored`,
  );
}
