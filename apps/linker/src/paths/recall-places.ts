import { copyPath, type ArchiveFile, type Store } from '@coldroom/domain';
import { openDirectory, openRoot, type Directory, type Root } from '@coldroom/files';
import { fetchedName, recallRoot, recallStaging } from '@coldroom/trees';
import type { Name } from '../restore/restore';
import type { Place } from './inspect';

/**
 * The open directories of one bag in its store's recall directory. Opened when first requested; synced and closed
 * together. Those that links lead into are protected: otherwise OMERO, which is the same user, would create a file
 * where the link of an offline copy leads.
 */
export class RecallPlaces {
  private rootOpened: Promise<Root> | undefined;
  private readonly open = new Map<string, Promise<Directory>>();

  constructor(
    private readonly store: Store,
    private readonly bag: string,
  ) {}

  root(): Promise<Root> {
    this.rootOpened ??= openRoot(recallRoot(this.store), 'recall');
    return this.rootOpened;
  }

  /** Where it was fetched to. */
  async staged(file: ArchiveFile): Promise<Name> {
    return this.named(this.stagedPathOf(file), false);
  }

  stagedPathOf(file: ArchiveFile): Buffer {
    return Buffer.from(`${recallStaging}/${this.bag}/${file.id}`);
  }

  /** Where its link leads. */
  async online(file: ArchiveFile): Promise<Name> {
    return this.named(this.pathOf(file), true);
  }

  /** Of a recalled copy, below the recall directory. */
  pathOf(file: ArchiveFile): Buffer {
    return Buffer.concat([Buffer.from(`${this.bag}/data/`), copyPath(file)]);
  }

  async sync(): Promise<void> {
    await Promise.all([...this.open.values()].map(async (directory) => (await directory).sync()));
  }

  async close(): Promise<void> {
    for (const result of await Promise.allSettled(this.open.values()))
      if (result.status === 'fulfilled') await result.value.close();
  }

  private async named(path: Buffer, protect: boolean): Promise<Name> {
    const slash = path.lastIndexOf('/');
    return { directory: await this.directory(path.subarray(0, slash), protect), name: path.subarray(slash + 1) };
  }

  private directory(path: Buffer, protect: boolean): Promise<Directory> {
    const key = path.toString('latin1');
    const known = this.open.get(key);
    if (known) return known;
    const opened = this.root().then((root) => openDirectory(root, path, { create: true, protect }));
    this.open.set(key, opened);
    opened.catch(() => this.open.delete(key)); // thrown to the caller; what is open can still be synced
    return opened;
  }
}

/** Where a file was fetched to, depending on the kind of retrieval. */
export async function stagedAt(file: ArchiveFile, place: Place, recalls: RecallPlaces): Promise<Name> {
  return file.retrieval === 'recall'
    ? recalls.staged(file)
    : { directory: place.hold, name: Buffer.from(fetchedName(file)) };
}
