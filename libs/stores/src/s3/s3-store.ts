import {
  Refused,
  type CopyDigest,
  type CopyRead,
  type CopyStatus,
  type DigestAlgorithm,
  type FetchOrder,
  type Availability,
  type Outcome,
  type RecallUse,
  type Source,
  type Store,
  type StoreUse,
  type TagFile,
  type Work,
} from '@coldroom/domain';
import { checkAccess, checkPath, displayPath, openRoot, outcomes, wirePath, type WireOutcome } from '@coldroom/files';
import { randomUUID } from 'node:crypto';
import { checkClaim } from '../claim';
import { ofTarget } from '../file/fetch';
import { isBagName } from '../file/layout';
import { checkPlacement } from '../file/placement';
import { inParallel } from '../in-parallel';
import type { S3StoreSettings } from '../store-settings';
import type { StoreSurroundings } from '../surroundings';
import { Keys, apart, keyLimit } from './keys';
import { listingOf, lookAt, type Seen } from './look';
import { onlineByListing, availability } from './availability';
import { checkSealedAlike, copiesIn, seal } from './seal';
import { Session } from './session';

/** PATH_MAX with its NUL: a longer link target could not be made. */
const pathLimit = 4095;
const tagLimit = 64 * 1024 * 1024;

/**
 * Copies as objects `<prefix>/<bag>/data/<path>`, the tag files beside `data`; a bag with `tagmanifest-sha256.txt`,
 * written last, is sealed. Any S3 tool can download a bag, and `sha256sum -c manifest-sha256.txt` proves it. Names that
 * S3 or XML cannot carry are stored percent-encoded (`storedName`); a bag that has any carries
 * `manifest-sha256-as-stored.txt` too. Durable means sealed, and replicated if the bucket reports replication of its
 * objects or the settings require it.
 */
export class S3Store implements Store {
  readonly kind = 's3';
  readonly acceptedReads: readonly CopyRead[];
  readonly wantedDigests = [];
  readonly recallRoot: string;
  private readonly keys: Keys;
  private readonly session: Session;

  constructor(
    readonly name: string,
    private readonly settings: S3StoreSettings,
    private readonly surroundings: StoreSurroundings,
  ) {
    this.acceptedReads = settings.verify === 'attested' ? ['remote', 'attested'] : ['remote'];
    this.recallRoot = settings.recallDirectory;
    this.keys = new Keys(settings.prefix);
    this.session = new Session(name, settings, surroundings);
  }

  async check(use: StoreUse, recall: RecallUse = 'read'): Promise<void> {
    if (recall !== 'none') {
      await openRoot(this.recallRoot, 'recall');
      await checkAccess(this.recallRoot, recall);
      await checkPlacement(this.recallRoot, this.surroundings.omeroRoots, true);
    }
    await this.session.use(async ({ bucket }) => {
      const probe = `${this.keys.top}.probe-${randomUUID()}`;
      await bucket.has(probe);
      if (use === 'read') return;
      await bucket.putNew(probe, Buffer.from('coldroom was here\n'));
      await bucket.remove(probe);
    });
  }

  async put(
    bag: string,
    sources: readonly Source[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    return this.session.use(async ({ bucket, threads }) => {
      if (await bucket.has(this.keys.seal(bag)))
        throw new Refused('BAG_SEALED', `The bag ${bag} is sealed; nothing is added to it any more.`, { bag });
      return apart(
        sources,
        ({ copyPath }) => this.keyOf(bag, copyPath),
        async (accepted) =>
          outcomes(
            (await threads().run(
              {
                verb: 'put',
                task: {
                  dataPrefix: this.keys.data(bag),
                  uploadsPrefix: this.keys.tag(bag, 'uploads/'),
                  sources: accepted.map(({ item: { root, path, identity }, key }) => ({
                    root,
                    path: wirePath(path),
                    key,
                    identity,
                  })),
                },
              },
              work,
            )) as readonly WireOutcome<{ readonly size: bigint }>[],
          ),
      );
    });
  }

  async digest(
    bag: string,
    paths: readonly Buffer[],
    algorithms: readonly DigestAlgorithm[],
    work: Work,
  ): Promise<readonly Outcome<CopyDigest>[]> {
    return this.session.use(({ threads }) =>
      apart(
        paths,
        (path) => this.keyOf(bag, path),
        async (accepted) =>
          outcomes(
            (await threads().run(
              {
                verb: 'digest',
                task: {
                  dataPrefix: this.keys.data(bag),
                  copies: accepted.map(({ item, key }) => ({ path: wirePath(item), key })),
                  algorithms,
                  attested: this.settings.verify === 'attested',
                },
              },
              work,
            )) as readonly WireOutcome<CopyDigest>[],
          ),
      ),
    );
  }

  async seal(bag: string, paths: readonly Buffer[], tags: readonly TagFile[], work: Work): Promise<void> {
    await this.session.use(async ({ bucket }) => {
      if (await bucket.has(this.keys.seal(bag))) return checkSealedAlike(bucket, this.keys, bag, tags);
      return seal(bucket, this.keys, {
        bag,
        paths,
        tags,
        parallel: this.settings.requestsInParallel,
        beforeChange: () => checkClaim(work),
      });
    });
  }

  async isSealed(bag: string): Promise<boolean> {
    return this.session.use(({ bucket }) => bucket.has(this.keys.seal(bag)));
  }

  async stat(bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]> {
    return this.session.use(async ({ bucket }) => {
      const { sealed, seen } = await lookAt(bucket, {
        dataPrefix: this.keys.data(bag),
        sealKey: this.keys.seal(bag),
        keys: paths.map((path) => this.keyOf(bag, path)),
        parallel: this.settings.requestsInParallel,
        marks: this.settings.replication === 'required',
      });
      return seen.map((each) => each && this.statusOf(each, sealed));
    });
  }

  async bringOnline(bag: string, paths: readonly Buffer[], work: Work): Promise<readonly Outcome<Availability>[]> {
    const beforeAsking = (): void => checkClaim(work);
    return this.session.use(async ({ bucket }) => {
      const sealed = await bucket.has(this.keys.seal(bag));
      const listed = sealed ? await listingOf(bucket, this.keys.data(bag)) : undefined;
      return apart(
        paths,
        (path) => this.keyInSealed(bag, path, sealed),
        (accepted) =>
          inParallel(accepted, this.settings.requestsInParallel, async ({ item, key }) => {
            const online = onlineByListing(listed?.get(key));
            return online
              ? { ok: online }
              : availability(
                  bucket,
                  key,
                  item,
                  { tier: this.settings.restoreTier, days: this.settings.restoreDays },
                  beforeAsking,
                );
          }),
      );
    });
  }

  async fetch(
    bag: string,
    orders: readonly FetchOrder[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    return this.session.use(async ({ bucket, threads }) => {
      const sealed = await bucket.has(this.keys.seal(bag));
      return apart(
        orders,
        ({ path }) => this.keyInSealed(bag, path, sealed),
        async (accepted) => {
          const results = new Map<FetchOrder, Outcome<{ readonly size: bigint }>>();
          for (const [root, group] of Map.groupBy(accepted, ({ item }) => item.target.root)) {
            const task = {
              root,
              orders: group.map(({ item: { path, size, target }, key }) => ({
                key,
                path: wirePath(path),
                size,
                target: wirePath(target.path),
              })),
            };
            const fetched = await threads()
              .run({ verb: 'fetch', task }, work)
              .catch((error: unknown) => {
                throw ofTarget(error, root);
              });
            outcomes(fetched as readonly WireOutcome<{ readonly size: bigint }>[]).forEach((outcome, at) =>
              results.set(group[at]!.item, outcome),
            );
          }
          return accepted.map(({ item }) => results.get(item)!);
        },
      );
    });
  }

  async *bags(): AsyncIterable<string> {
    const { bucket } = await this.session.use(async (open) => open);
    const pages = bucket.folders(this.keys.top);
    for (;;) {
      const page = await this.session.use(() => pages.next());
      if (page.done) return;
      const names = page.value.filter(isBagName);
      const sealed = await this.session.use(() =>
        inParallel(names, this.settings.requestsInParallel, (bag) => bucket.has(this.keys.seal(bag))),
      );
      yield* names.filter((_, at) => sealed[at]);
    }
  }

  async list(bag: string): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]> {
    return this.session.use(async ({ bucket }) =>
      (await bucket.has(this.keys.seal(bag))) ? copiesIn(bucket, this.keys, bag) : [],
    );
  }

  async readTag(bag: string, name: string): Promise<Buffer | undefined> {
    const path = Buffer.from(name);
    checkPath(path);
    if (path.includes('/')) throw new Refused('PATH_NOT_ALLOWED', `"${displayPath(path)}" cannot name a tag file.`);
    return this.session.use(async ({ bucket }) => {
      if (!(await bucket.has(this.keys.seal(bag)))) return undefined;
      const head = await bucket.head(this.keys.tag(bag, name));
      if (head && head.size > tagLimit)
        throw new Refused('TAG_TOO_LARGE', `${name} of bag ${bag} is larger than any that Coldroom writes.`, { bag });
      return head && bucket.read(this.keys.tag(bag, name), tagLimit);
    });
  }

  linkTarget(bag: string, path: Buffer): Buffer {
    checkPath(path);
    this.keys.bag(bag);
    return Buffer.concat([Buffer.from(`${this.recallRoot}/${bag}/data/`), path]);
  }

  async close(): Promise<void> {
    await this.session.close();
  }

  /** `Refused` `PATH_NOT_ALLOWED`, or `PATH_TOO_LONG` if a key or a link could not hold it. */
  private keyOf(bag: string, path: Buffer): string {
    const { length } = this.linkTarget(bag, path);
    const key = this.keys.copy(bag, path);
    const size = Buffer.byteLength(key);
    if (size > keyLimit)
      throw new Refused(
        'PATH_TOO_LONG',
        `The copy of "${displayPath(path)}" would have a key of ${size} bytes; S3 allows ${keyLimit}.`,
      );
    if (length > pathLimit)
      throw new Refused(
        'PATH_TOO_LONG',
        `The link to "${displayPath(path)}" would have ${length} bytes; a link can hold ${pathLimit}.`,
      );
    return key;
  }

  private keyInSealed(bag: string, path: Buffer, sealed: boolean): string {
    if (sealed) return this.keyOf(bag, path);
    throw new Refused('COPY_MISSING', `There is no sealed bag ${bag} in the store.`, { bag });
  }

  private statusOf({ size, version, replication }: Seen, sealed: boolean): CopyStatus {
    const required = this.settings.replication === 'required';
    const replicated =
      replication === undefined ? !required : ['COMPLETED', 'COMPLETE', 'REPLICA'].includes(replication);
    return {
      // No link can write to an object; placing copies protects the recall directory, where links lead.
      size,
      version,
      durable: sealed && replicated ? 'yes' : 'no',
      writable: sealed ? 'no' : 'yes',
      replicationState: sealed ? (replication ?? (required ? 'not replicated' : 'sealed')) : 'open',
    };
  }
}
