import { codeOf, copyPath, Refused, type ArchiveFile, type RootName, type Store } from '@coldroom/domain';
import { checkPath, displayPath, identify, openDirectory, type Directory, type Root } from '@coldroom/files';
import type { HoldDirectories, Originals } from '@coldroom/trees';
import type { Place } from './inspect';

/** An original whose link time is unknown is kept and checked again after a day. */
const unknownMs = 86_400_000;

/** How long held originals are kept. */
export class HoldTime {
  constructor(readonly ms: number) {}

  /** Milliseconds until a file that was linked at this time may be released; 0 where it may be now. */
  left(linkedAt: Date | null): number {
    return linkedAt ? Math.max(0, linkedAt.getTime() + this.ms - Date.now()) : unknownMs;
  }
}

interface Opened {
  readonly root: Root;
  /** The hold directory of the root's file system, and our directory for this bag in it. */
  readonly holdRoot: Root;
  readonly hold: Directory;
}

/** The open directories of one bag: each is opened once. They are synced together and closed at the end. */
export class Places {
  private readonly roots = new Map<RootName, Promise<Opened>>();
  private readonly open = new Map<string, Promise<Directory>>();

  constructor(
    private readonly originals: Originals,
    private readonly holds: HoldDirectories,
    private readonly store: Store,
    private readonly bag: string,
  ) {}

  /** `Refused` where this file's directory or hold cannot be used; the places of other files remain available. */
  async of(file: ArchiveFile): Promise<Place> {
    checkPath(file.path);
    const slash = file.path.lastIndexOf('/');
    const { root, hold } = await this.rootOf(file.root);
    return {
      directory: await this.directory(root, file.path.subarray(0, Math.max(slash, 0))),
      name: file.path.subarray(slash + 1),
      hold,
      heldName: heldName(file),
      target: this.store.linkTarget(this.bag, copyPath(file)),
    };
  }

  /** Whether something is in the hold directory under this file's name. */
  async isHeld(file: ArchiveFile): Promise<boolean> {
    const { hold } = await this.rootOf(file.root);
    return (await identify(hold.at(heldName(file)))) !== null;
  }

  /** Where the file is held, as a path below the hold directory. */
  async held(file: ArchiveFile): Promise<{ readonly root: string; readonly path: Buffer }> {
    const { holdRoot } = await this.rootOf(file.root);
    return { root: holdRoot.realPath, path: Buffer.concat([Buffer.from(`${this.bag}/`), heldName(file)]) };
  }

  async syncHolds(): Promise<void> {
    for (const opened of this.roots.values()) await (await opened).hold.sync();
  }

  async syncOriginals(): Promise<void> {
    await Promise.all([...this.open.values()].map(async (directory) => (await directory).sync()));
  }

  async close(): Promise<void> {
    const all = [...this.open.values(), ...[...this.roots.values()].map(async (opened) => (await opened).hold)];
    for (const result of await Promise.allSettled(all)) if (result.status === 'fulfilled') await result.value.close();
  }

  private rootOf(name: RootName): Promise<Opened> {
    const known = this.roots.get(name);
    if (known) return known;
    const opened = this.openRootAndHold(name);
    this.roots.set(name, opened);
    opened.catch(() => this.roots.delete(name)); // reported to the caller; what is open can still be synced
    return opened;
  }

  private async openRootAndHold(name: RootName): Promise<Opened> {
    const root = await this.originals.root(name);
    const device = (await identify(root.realPath))?.dev ?? -1n;
    const holdRoot = await this.holds.on(device, this.bag);
    const hold = await openDirectory(holdRoot, Buffer.from(this.bag), { create: true });
    return { root, holdRoot, hold };
  }

  /**
   * Each directory is opened from its parent: a plate of thousands of folders does not need the same path walked
   * thousands of times.
   */
  private directory(root: Root, path: Buffer): Promise<Directory> {
    const key = `${root.name}/${path.toString('latin1')}`;
    const known = this.open.get(key);
    if (known) return known;
    const opened = this.openFromParent(root, path);
    this.open.set(key, opened);
    opened.catch(() => this.open.delete(key));
    return opened;
  }

  private async openFromParent(root: Root, path: Buffer): Promise<Directory> {
    if (path.length === 0) return openDirectory(root, path);
    const slash = path.lastIndexOf('/');
    const parent = await this.directory(root, path.subarray(0, Math.max(slash, 0)));
    try {
      return await parent.open(path.subarray(slash + 1));
    } catch (error) {
      throw await notOpened(error, root, path);
    }
  }
}

async function notOpened(error: unknown, root: Root, path: Buffer): Promise<unknown> {
  const shown = displayPath(path);
  switch (codeOf(error)) {
    case 'ENOENT':
      await root.check(); // an unmounted root says nothing about what is in it
      return new Refused(
        'DIRECTORY_GONE',
        `the directory "${shown}" is gone; was the image deleted in OMERO?`,
        { path: shown },
        { cause: error },
      );
    case 'PARENT_NOT_A_DIRECTORY':
      return new Refused(
        'PARENT_NOT_A_DIRECTORY',
        `"${shown}" is a link or not a directory; paths are not followed through it`,
        { path: shown },
        { cause: error },
      );
    default:
      return error;
  }
}

const heldName = (file: ArchiveFile): Buffer => Buffer.from(file.id.toString());
