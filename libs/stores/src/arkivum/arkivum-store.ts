import {
  Refused,
  Transient,
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
import { displayPath, markerName } from '@coldroom/files';
import { FileStore } from '../file/file-store';
import { copyIn, sealedBag } from '../file/layout';
import type { ArkivumStoreSettings } from '../store-settings';
import type { StoreSurroundings } from '../surroundings';
import { Appliance } from './appliance';
import { BagMd5s, md5Manifest, md5sBy } from './bag-md5';
import { HandOver } from './hand-over';
import { inParallel } from '../in-parallel';
import { judge } from './judge';
import { Cache, offlineError } from './availability';

/**
 * Copies on a mounted Arkivum appliance: written, sealed and read there as in a file store, then handed over. Durable
 * means that the appliance, when queried, calls each copy FINAL with our size and our MD5, and amber or green as the
 * settings require.
 */
export class ArkivumStore implements Store {
  readonly kind = 'arkivum';
  readonly acceptedReads: readonly CopyRead[];
  readonly recallRoot = undefined;
  readonly wantedDigests: readonly DigestAlgorithm[] = ['MD5-128'];
  private readonly mounted: FileStore;
  private readonly appliance: Appliance;
  private readonly handOver: HandOver;
  private readonly cache: Cache;
  readonly unprotected: boolean;
  private readonly md5s: BagMd5s;

  constructor(
    readonly name: string,
    private readonly settings: ArkivumStoreSettings,
    surroundings: StoreSurroundings,
  ) {
    const { mount, sameFileSystem, verify, protect } = settings;
    this.mounted = new FileStore(
      name,
      { kind: 'file', directory: mount, sameFileSystem, verify, protect },
      surroundings,
    );
    this.unprotected = this.mounted.unprotected;
    this.acceptedReads = this.mounted.acceptedReads;
    this.appliance = new Appliance(name, settings);
    this.handOver = new HandOver(name, settings, this.appliance);
    this.cache = new Cache(name, this.appliance);
    this.md5s = new BagMd5s((bag, name) => this.mounted.readTag(bag, name));
  }

  get fileSystems(): readonly FileSystemLook[] {
    return this.mounted.fileSystems;
  }

  refusalOf(copyPath: Buffer, known: KnownNames): Refused | undefined {
    return this.mounted.refusalOf(copyPath, known);
  }

  /** Queries a file that the appliance need not know: any answer is enough. */
  async check(use: StoreUse): Promise<void> {
    await this.mounted.check(use);
    const said = await this.appliance.fileInfo(Buffer.from(markerName));
    if (said.kind === 'unusable')
      throw new Transient(
        'STORE_UNAVAILABLE',
        `What answers at ${this.settings.url} is no appliance, or not well: ${said.why}.`,
        { store: this.name },
      );
  }

  put(bag: string, sources: readonly Source[], work: Work): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    return this.mounted.put(bag, sources, work);
  }

  /** In a sealed bag, too, reads nothing that the appliance reports as offline; an open bag is not archived yet. */
  async digest(
    bag: string,
    paths: readonly Buffer[],
    algorithms: readonly DigestAlgorithm[],
    work: Work,
  ): Promise<readonly Outcome<CopyDigest>[]> {
    const sealed = await this.mounted.bringOnline(bag, paths);
    return this.unlessOffline(
      bag,
      paths,
      (at) => 'ok' in sealed[at]!,
      (online) =>
        this.mounted.digest(
          bag,
          online.map((at) => paths[at]!),
          algorithms,
          work,
        ),
    );
  }

  async seal(bag: string, paths: readonly Buffer[], tags: readonly TagFile[], work: Work): Promise<void> {
    await this.mounted.seal(bag, paths, tags, work);
    const md5Of = await md5sBy(async (wanted) => tags.find(({ name }) => name === wanted)?.content);
    const found = await this.mounted.stat(bag, paths);
    const copies = paths.map((path, at) => {
      const copy = found[at];
      if (!copy)
        throw new Refused('COPY_MISSING', `The copy of "${displayPath(path)}" is gone from the sealed bag ${bag}.`, {
          bag,
        });
      const md5 = md5Of?.(path);
      if (md5 === undefined)
        throw new Refused(
          'MD5_MISSING',
          `The bag ${bag} has no MD5 of "${displayPath(path)}", without which the appliance's word on it cannot be checked. Retry its files: they are hashed again.`,
          { bag },
        );
      return { path, size: copy.size, md5 };
    });
    await this.handOver.run({ bag, copies, tags }, work);
  }

  isSealed(bag: string): Promise<boolean> {
    return this.mounted.isSealed(bag);
  }

  /**
   * `Refused` `STORE_DIFFERS` where the appliance has ingested a copy and reports that it differs from ours: the whole
   * bag is then not trusted.
   */
  async stat(bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]> {
    const onMount = await this.mounted.stat(bag, paths);
    if (!onMount.some((copy) => copy?.durable === 'yes')) return onMount;
    const md5Of = await this.md5s.of(bag);
    const different: string[] = [];
    const answers = await inParallel(paths, this.settings.connections, async (path, at) => {
      const copy = onMount[at];
      if (copy?.durable !== 'yes') return copy;
      const { differs, ...judgement } = judge(
        await this.appliance.fileInfo(copyIn(sealedBag(bag), path)),
        copy,
        md5Of(path),
        this.settings.durableAt,
      );
      if (differs) different.push(`"${displayPath(path)}" with ${differs}`);
      return { ...copy, ...judgement };
    });
    if (different.length > 0) throw this.differs(bag, different);
    return answers;
  }

  async bringOnline(bag: string, paths: readonly Buffer[], work: Work): Promise<readonly Outcome<Availability>[]> {
    const onMount = await this.mounted.bringOnline(bag, paths);
    return inParallel(paths, this.settings.connections, async (path, at) => {
      const found = onMount[at]!;
      return 'error' in found ? found : this.cache.bringOnline(copyIn(sealedBag(bag), path), work);
    });
  }

  /** Through the mount. */
  async fetch(
    bag: string,
    orders: readonly FetchOrder[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    return this.unlessOffline(
      bag,
      orders.map(({ path }) => path),
      () => true,
      (online) =>
        this.mounted.fetch(
          bag,
          online.map((at) => orders[at]!),
          work,
        ),
    );
  }

  bags(): AsyncIterable<string> {
    return this.mounted.bags();
  }

  foreign(): AsyncIterable<string> {
    return this.mounted.foreign();
  }

  list(bag: string): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]> {
    return this.mounted.list(bag);
  }

  readTag(bag: string, name: string): Promise<Buffer | undefined> {
    return this.mounted.readTag(bag, name);
  }

  linkTarget(bag: string, path: Buffer): Buffer {
    return this.mounted.linkTarget(bag, path);
  }

  async close(): Promise<void> {
    this.appliance.close();
    await this.mounted.close();
  }

  /** Reading through the mount what is not in the cache would wait for a tape: it is not started. */
  private async unlessOffline<T>(
    bag: string,
    paths: readonly Buffer[],
    asks: (at: number) => boolean,
    read: (online: readonly number[]) => Promise<readonly Outcome<T>[]>,
  ): Promise<readonly Outcome<T>[]> {
    const offline = await inParallel(paths, this.settings.connections, async (path, at) =>
      asks(at) ? offlineError(await this.appliance.fileInfo(copyIn(sealedBag(bag), path)), path) : undefined,
    );
    const answers = (await read([...paths.keys()].filter((at) => !offline[at]))).values();
    return offline.map((error) => (error ? { error } : answers.next().value!));
  }

  private differs(bag: string, different: readonly string[]): Refused {
    const named = different.slice(0, 3).join(', ');
    return new Refused(
      'STORE_DIFFERS',
      `The appliance of store ${this.name} has taken other data than bag ${bag} holds: ${named}${different.length > 3 ? ` and ${different.length - 3} more` : ''}. Compare the copies on the mount with ${md5Manifest}, and ask whoever runs the appliance.`,
      { store: this.name, bag, different: different.slice(0, 10) },
    );
  }
}
