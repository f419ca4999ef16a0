import {
  ColdroomError,
  Refused,
  type CopyDigest,
  type CopyRead,
  type CopyStatus,
  type DigestAlgorithm,
  type FetchOrder,
  type FileSystemLook,
  type KnownNames,
  type Availability,
  type Outcome,
  type Source,
  type Store,
  type StoreUse,
  type TagFile,
  type Work,
} from '@coldroom/domain';
import {
  checkPath,
  checkWritable,
  displayPath,
  KeptLook,
  refuseLacks,
  refuseOtherOwner,
  type Files,
  type Root,
} from '@coldroom/files';
import type { FileStoreSettings } from '../store-settings';
import type { StoreSurroundings } from '../surroundings';
import { fetchFiles, availability, type CopiesPlace } from './fetch';
import { checkReadable, MarkedDirectory } from './marked-directory';
import { copyDigest, ofCopy } from './read-back';
import { copyIn, longestBagName, openBag, openDirectoryName, sealedBag } from './layout';
import { copiesIn, foreignEntries, readTag, sealedBags } from './listing';
import { checkPlacement } from './placement';
import { statusOf } from './status';

/** PATH_MAX with its NUL: a longer link target could not be made. */
const pathLimit = 4095;

/** Copies on a mounted directory. Durable means sealed: synced, proven by the pipeline before, and protected. */
export class FileStore implements Store {
  readonly kind = 'file';
  readonly acceptedReads: readonly CopyRead[];
  readonly recallRoot = undefined;
  readonly unprotected: boolean;
  readonly wantedDigests = [];
  private readonly files: Files;
  private readonly place: MarkedDirectory;
  private readonly fileSystem = new KeptLook(Buffer.from(openDirectoryName));

  constructor(
    readonly name: string,
    private readonly settings: FileStoreSettings,
    private readonly surroundings: StoreSurroundings,
  ) {
    this.files = surroundings.files;
    this.place = new MarkedDirectory(name, settings.directory);
    this.unprotected = settings.protect === 'none';
    this.acceptedReads = settings.verify === 'direct' ? ['direct', 'dropped'] : ['direct', 'dropped', 'cached'];
  }

  get fileSystems(): readonly FileSystemLook[] {
    return this.fileSystem.last ? [this.fileSystem.last] : [];
  }

  async check(use: StoreUse): Promise<void> {
    await this.here(async (root) => {
      await checkPlacement(this.settings.directory, this.surroundings.omeroRoots, this.settings.sameFileSystem);
      if (use === 'read') return checkReadable(root);
      await checkWritable(root, Buffer.from(openDirectoryName));
      await this.checkFileSystem(root);
    });
  }

  private async checkFileSystem(root: Root): Promise<void> {
    const accepted = { unprotected: this.unprotected, cachedReads: this.settings.verify === 'cached' };
    try {
      const look = await this.fileSystem.take(root);
      refuseLacks('store', this.name, look, accepted);
      await refuseOtherOwner(this.name, look, this.surroundings.omeroRoots);
    } catch (error) {
      this.fileSystem.forget();
      throw error;
    }
  }

  async put(
    bag: string,
    sources: readonly Source[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    const sealed = sealedBag(bag);
    const prefix = Buffer.concat([openBag(bag), Buffer.from('/data')]);
    return this.here(async () => {
      if (await this.exists(sealed))
        throw new Refused('BAG_SEALED', `The bag ${bag} is sealed; nothing more is added to it.`, { bag });
      const refused = sources.map((source) => this.refusal(bag, source));
      const outcomes = await this.files.copy(
        sources.filter((_, at) => !refused[at]),
        { root: this.settings.directory, prefix },
        work,
      );
      const rest = outcomes.values();
      return refused.map((error) => (error ? { error } : rest.next().value!));
    });
  }

  async digest(
    bag: string,
    paths: readonly Buffer[],
    algorithms: readonly DigestAlgorithm[],
    work: Work,
  ): Promise<readonly Outcome<CopyDigest>[]> {
    return this.here(async ({ directory }) => {
      const place = (await this.exists(sealedBag(bag))) ? sealedBag(bag) : openBag(bag);
      const sources = paths.map((path) => ({ root: directory, path: copyIn(place, path), algorithms }));
      const outcomes = await this.files.hash(sources, { direct: this.settings.verify === 'direct' }, work);
      return outcomes.map(copyDigest);
    });
  }

  async seal(bag: string, paths: readonly Buffer[], tags: readonly TagFile[], work: Work): Promise<void> {
    await this.here(({ directory }) =>
      this.files.seal(
        {
          root: directory,
          open: openBag(bag),
          sealed: sealedBag(bag),
          keep: paths.map((path) => copyIn(Buffer.alloc(0), path).subarray(1)),
          tags,
        },
        work,
      ),
    );
  }

  async isSealed(bag: string): Promise<boolean> {
    return this.here(() => this.exists(sealedBag(bag)));
  }

  async stat(bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]> {
    return this.here(({ directory }) => statusOf(this.files, { directory, bag, unprotected: this.unprotected }, paths));
  }

  async bringOnline(bag: string, paths: readonly Buffer[]): Promise<readonly Outcome<Availability>[]> {
    return this.here(() => availability(this.files, this.sealedPlace(bag), paths));
  }

  async fetch(
    bag: string,
    orders: readonly FetchOrder[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    return this.here(async () =>
      (await fetchFiles(this.files, this.sealedPlace(bag), orders, work)).map((outcome) =>
        'ok' in outcome ? outcome : { error: ofCopy(outcome.error) },
      ),
    );
  }

  async *bags(): AsyncIterable<string> {
    const { realPath } = await this.here(async (root) => root);
    yield* sealedBags(realPath);
  }

  async *foreign(): AsyncIterable<string> {
    const { realPath } = await this.here(async (root) => root);
    yield* foreignEntries(realPath);
  }

  async list(bag: string): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]> {
    return this.here((root) => copiesIn(root, bag));
  }

  async readTag(bag: string, name: string): Promise<Buffer | undefined> {
    return this.here((root) => readTag(root, bag, name));
  }

  linkTarget(bag: string, path: Buffer): Buffer {
    checkPath(path);
    return Buffer.concat([Buffer.from(`${this.settings.directory}/`), copyIn(sealedBag(bag), path)]);
  }

  private sealedPlace(bag: string): CopiesPlace {
    return { root: this.settings.directory, bag, at: (path) => copyIn(sealedBag(bag), path) };
  }

  /** The threads belong to their creator. */
  async close(): Promise<void> {}

  private here<T>(act: (root: Root) => Promise<T>): Promise<T> {
    return this.place.here(act);
  }

  private async exists(bagPlace: Buffer): Promise<boolean> {
    const [found] = await this.files.inspect([{ root: this.settings.directory, path: bagPlace }]);
    if (found?.kind === 'refused') throw found.error;
    return found?.kind !== 'missing';
  }

  refusalOf(copyPath: Buffer, { longest }: KnownNames): Refused | undefined {
    const refused = this.refusal(longestBagName, { copyPath });
    if (refused instanceof Refused) return refused;
    const limit = longest.get(this.settings.directory);
    const length = Math.max(
      ...copyPath
        .toString('latin1')
        .split('/')
        .map((name) => name.length),
    );
    if (limit === undefined || length <= limit) return undefined;
    return new Refused(
      'NAME_NOT_KEPT',
      `The copy of "${displayPath(copyPath)}" has a name of ${length} bytes; the file system of the store ${this.name} can hold ${limit}.`,
      { path: displayPath(copyPath) },
    );
  }

  /** Files that a link could not reach are not copied in the first place. */
  private refusal(bag: string, { copyPath }: Pick<Source, 'copyPath'>): ColdroomError | null {
    try {
      const { length } = this.linkTarget(bag, copyPath);
      if (length <= pathLimit) return null;
      return new Refused(
        'PATH_TOO_LONG',
        `The copy of "${displayPath(copyPath)}" would have a path of ${length} bytes; a link can hold ${pathLimit}.`,
      );
    } catch (error) {
      if (error instanceof ColdroomError) return error;
      throw error;
    }
  }
}
