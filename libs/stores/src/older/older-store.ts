import {
  Refused,
  type Availability,
  type CopyDigest,
  type CopyRead,
  type CopyStatus,
  type DigestAlgorithm,
  type FetchOrder,
  type Outcome,
  type Store,
  type Work,
} from '@coldroom/domain';
import { checkPath, displayPath, type Files } from '@coldroom/files';
import { availability, fetchFiles, type CopiesPlace } from '../file/fetch';
import { checkReadable, MarkedDirectory } from '../file/marked-directory';
import { checkPlacement } from '../file/placement';
import { copyDigest, ofCopy } from '../file/read-back';
import { versionOf } from '../file/version';
import type { OlderStoreSettings } from '../store-settings';
import type { StoreSurroundings } from '../surroundings';

/**
 * The archive directory of the older tool, file by file as that tool left it. It is only read: nothing is added, removed
 * or sealed. Bags are in the register only, so a copy is found by its path alone. It is never called durable.
 */
export class OlderStore implements Store {
  readonly kind = 'older';
  readonly acceptedReads: readonly CopyRead[];
  readonly recallRoot = undefined;
  readonly wantedDigests = [];
  readonly isOnlyRead = true;
  private readonly files: Files;
  private readonly place: MarkedDirectory;
  private readonly prefix: string;

  constructor(
    readonly name: string,
    private readonly settings: OlderStoreSettings,
    private readonly surroundings: StoreSurroundings,
  ) {
    this.files = surroundings.files;
    this.place = new MarkedDirectory(name, settings.directory);
    this.prefix = `${settings.omeroDirectory.slice(1)}/`;
    this.acceptedReads = settings.verify === 'direct' ? ['direct', 'dropped'] : ['direct', 'dropped', 'cached'];
  }

  /** It is never written, so that it can be used is all that either use asks. */
  async check(): Promise<void> {
    await this.place.here(async (root) => {
      await checkPlacement(this.settings.directory, this.surroundings.omeroRoots, true);
      await checkReadable(root);
    });
  }

  refusalOf(): Refused {
    return this.refusal();
  }

  async put(): Promise<never> {
    throw this.refusal();
  }

  async seal(): Promise<never> {
    throw this.refusal();
  }

  async digest(
    _bag: string,
    paths: readonly Buffer[],
    algorithms: readonly DigestAlgorithm[],
    work: Work,
  ): Promise<readonly Outcome<CopyDigest>[]> {
    return this.place.here(async ({ directory: root }) => {
      const sources = paths.map((path) => ({ root, path: this.at(path), algorithms }));
      const outcomes = await this.files.hash(sources, { direct: this.settings.verify === 'direct' }, work);
      return outcomes.map(copyDigest);
    });
  }

  /** Nothing is added to its bags. */
  async isSealed(): Promise<boolean> {
    return this.place.here(async () => true);
  }

  async stat(_bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]> {
    return this.place.here(async ({ directory: root }) => {
      const found = await this.files.inspect(paths.map((path) => ({ root, path: this.at(path) })));
      return found.map((each, nr): CopyStatus | undefined => {
        if (each.kind === 'missing') return undefined;
        if (each.kind === 'refused') throw each.error;
        if (each.kind !== 'file')
          throw new Refused(
            'NOT_A_REGULAR_FILE',
            `In the store, "${displayPath(paths[nr]!)}" is a ${each.kind}, not a file.`,
          );
        return {
          size: each.identity.size,
          version: versionOf(each.identity),
          durable: 'no',
          replicationState: 'kept as the older tool left it',
          writable: 'unknown',
        };
      });
    });
  }

  async bringOnline(bag: string, paths: readonly Buffer[]): Promise<readonly Outcome<Availability>[]> {
    return this.place.here(() => availability(this.files, this.copies(bag), paths));
  }

  async fetch(
    bag: string,
    orders: readonly FetchOrder[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    return this.place.here(async () =>
      (await fetchFiles(this.files, this.copies(bag), orders, work)).map((outcome) =>
        'ok' in outcome ? outcome : { error: ofCopy(outcome.error) },
      ),
    );
  }

  /** Only the register knows of bags here. */
  async *bags(): AsyncIterable<string> {}

  async list(): Promise<readonly []> {
    return [];
  }

  async readTag(): Promise<undefined> {
    return undefined;
  }

  linkTarget(_bag: string, path: Buffer): Buffer {
    checkPath(path);
    return Buffer.concat([Buffer.from(`${this.linksTo}/`), path]);
  }

  /** The threads belong to their creator. */
  async close(): Promise<void> {}

  private get linksTo(): string {
    return this.settings.linksTo ?? `${this.settings.directory}${this.settings.omeroDirectory}`;
  }

  private copies(bag: string): CopiesPlace {
    return { root: this.settings.directory, bag, at: (path) => this.at(path) };
  }

  private at(path: Buffer): Buffer {
    return Buffer.concat([Buffer.from(this.prefix), path]);
  }

  private refusal(): Refused {
    return onlyRead(this.name);
  }
}

export function onlyRead(store: string): Refused {
  return new Refused(
    'STORE_ONLY_READ',
    `The store ${store} is the archive of the older tool, which is only read; name another store.`,
    { store },
  );
}
