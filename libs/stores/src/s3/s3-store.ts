import {
  Refused,
  type CopyDigest,
  type CopyRead,
  type CopyStatus,
  type DigestAlgorithm,
  type FetchOrder,
  type KnownNames,
  type Availability,
  type Outcome,
  type RecallUse,
  type Source,
  type Store,
  type StoreUse,
  type TagFile,
  type Work,
} from '@coldroom/domain';
import { checkAccess, checkPath, displayPath, openRoot } from '@coldroom/files';
import { randomUUID } from 'node:crypto';
import { checkClaim } from '../claim';
import { isBagName, longestBagName } from '../file/layout';
import { checkPlacement } from '../file/placement';
import { inParallel } from '../in-parallel';
import type { S3StoreSettings } from '../store-settings';
import type { StoreSurroundings } from '../surroundings';
import { Keys, apart, keyIn, type CopyKeys } from './keys';
import { listingOf, lookAt } from './look';
import { Marker, markerName } from './marker';
import { namesNotKept, oddNames, probesBelow, refuseNotKept, type OddName } from './odd-names';
import { Places, placeOfBucket } from './places';
import { onlineByListing, availability } from './availability';
import { checkSealedAlike, copiesIn, seal } from './seal';
import { Session } from './session';
import { statusOf } from './status';
import { digestBatch, fetchBatches, putBatch } from './thread-batches';

const tagLimit = 64 * 1024 * 1024;

/**
 * Copies as objects `<prefix>/<bag>/data/<path>`, the tag files beside `data`; a bag with `tagmanifest-sha256.txt`,
 * written last, is sealed. Names that not every server keeps are stored percent-encoded (`storedName`), and the manifests
 * list them so: any S3 tool can download a valid bag. Durable means sealed, and replicated if the bucket reports replication of its
 * objects or the settings require it.
 */
export class S3Store implements Store {
  readonly kind = 's3';
  readonly acceptedReads: readonly CopyRead[];
  readonly wantedDigests = [];
  readonly recallRoot: string;
  private readonly keys: Keys;
  private readonly places: Places;
  private readonly session: Session;
  private readonly marker: Marker;
  /** What the server does not keep in names; asked for once. */
  private notKept: readonly OddName[] | undefined;

  constructor(
    readonly name: string,
    private readonly settings: S3StoreSettings,
    private readonly surroundings: StoreSurroundings,
  ) {
    this.acceptedReads = settings.verify === 'attested' ? ['remote', 'attested'] : ['remote'];
    this.recallRoot = settings.recallDirectory;
    this.keys = new Keys(settings.prefix);
    this.places = new Places(this.keys, this.recallRoot);
    this.session = new Session(name, settings, surroundings);
    this.marker = new Marker(
      { store: name, partOf: surroundings.partOf ?? [], place: placeOfBucket(settings) },
      this.keys.top + markerName,
      surroundings.markers,
    );
  }

  async check(use: StoreUse, recall: RecallUse = 'read'): Promise<void> {
    if (recall !== 'none') {
      await openRoot(this.recallRoot, 'recall');
      await checkAccess(this.recallRoot, recall);
      await checkPlacement(this.recallRoot, this.surroundings.omeroRoots, true);
    }
    await this.session.use(async ({ bucket }) => {
      const probe = `${probesBelow(this.keys.top)}${randomUUID()}`;
      await bucket.has(probe);
      if (use === 'read') return;
      await this.marker.check(bucket);
      await bucket.putNew(probe, Buffer.from('coldroom was here\n'));
      await bucket.remove(probe);
      this.notKept ??= await namesNotKept(bucket, this.keys.top, this.settings.requestsInParallel);
    });
  }

  get namesNotKept(): readonly string[] {
    return (this.notKept ?? []).map(({ what }) => what);
  }

  refusalOf(copyPath: Buffer, { notKept }: KnownNames): Refused | undefined {
    const known = notKept.get(this.name) ?? [];
    try {
      this.keysToPut(
        longestBagName,
        copyPath,
        oddNames.filter(({ what }) => known.includes(what)),
      );
      return undefined;
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
  }

  async put(
    bag: string,
    sources: readonly Source[],
    work: Work,
  ): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
    return this.session.use(async ({ bucket, threads }) => {
      await this.marker.checkAgain(bucket);
      if (await bucket.has(this.keys.seal(bag)))
        throw new Refused('BAG_SEALED', `The bag ${bag} is sealed; nothing more is added to it.`, { bag });
      return apart(
        sources,
        ({ copyPath }) => this.keysToPut(bag, copyPath, this.notKept ?? []),
        (accepted) =>
          putBatch(
            threads(),
            accepted,
            { dataPrefix: this.keys.data(bag), uploadsPrefix: this.keys.tag(bag, 'uploads/') },
            work,
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
        (path) => this.places.ofCopy(bag, path),
        (accepted) =>
          digestBatch(
            threads(),
            accepted,
            { dataPrefix: this.keys.data(bag), algorithms, attested: this.settings.verify === 'attested' },
            work,
          ),
      ),
    );
  }

  async seal(bag: string, paths: readonly Buffer[], tags: readonly TagFile[], work: Work): Promise<void> {
    await this.session.use(async ({ bucket }) => {
      await this.marker.checkAgain(bucket);
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
      const required = this.settings.replication === 'required';
      const { sealed, seen } = await lookAt(bucket, {
        dataPrefix: this.keys.data(bag),
        sealKey: this.keys.seal(bag),
        copies: paths.map((path) => this.places.ofCopy(bag, path)),
        parallel: this.settings.requestsInParallel,
        marks: required,
      });
      return seen.map((each) => each && statusOf(each, { sealed, required }));
    });
  }

  async bringOnline(bag: string, paths: readonly Buffer[], work: Work): Promise<readonly Outcome<Availability>[]> {
    const beforeAsking = (): void => checkClaim(work);
    return this.session.use(async ({ bucket }) => {
      const sealed = await bucket.has(this.keys.seal(bag));
      const listed = sealed ? await listingOf(bucket, this.keys.data(bag)) : undefined;
      return apart(
        paths,
        (path) => this.places.ofSealed(bag, path, sealed),
        (accepted) =>
          inParallel(accepted, this.settings.requestsInParallel, async ({ item, ...keys }) => {
            const key = listed ? keyIn(listed, keys) : keys.key;
            const online = onlineByListing(listed?.get(key));
            return online
              ? { ok: online }
              : availability(
                  bucket,
                  { key, path: item },
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
        ({ path }) => this.places.ofSealed(bag, path, sealed),
        (accepted) => fetchBatches(threads(), accepted, work),
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
    return this.places.linkTarget(bag, path);
  }

  private keysToPut(bag: string, path: Buffer, notKept: readonly OddName[]): CopyKeys {
    const keys = this.places.toPut(bag, path);
    refuseNotKept(this.name, path, keys.key.slice(this.keys.data(bag).length), notKept);
    return keys;
  }

  async close(): Promise<void> {
    await this.session.close();
  }
}
