import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Files, type Found } from '@coldroom/files';
import { legacyPath, OmeroDatabase, type LegacyPixels } from '@coldroom/omero';
import { RoundLoop } from '@coldroom/pipeline';
import { Register, type DetailPart, type LegacyAmount } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { Originals } from '@coldroom/trees';
import { batches } from './batches';
import { Pace } from './rounds';

/** For one statement on OMERO's database. */
const limitMs = 300_000;
const batchSize = 1000;

type Amount = { -readonly [Key in keyof LegacyAmount]: LegacyAmount[Key] };

/**
 * Records from time to time what the reports say of OMERO beyond its usage. On a large server this takes minutes, so no
 * scan waits for it.
 */
@Injectable()
export class UsageDetails extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'reports not read';
  protected readonly pauseMs: number;

  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly files: Files,
    private readonly originals: Originals,
    pace: Pace,
    protected readonly log: Log,
  ) {
    super();
    this.pauseMs = pace.scanMs;
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  /** Where something cannot be read, what was recorded before stays. One scanner at a time reads. */
  async round(): Promise<void> {
    await this.register.alone('reports', async () => {
      await this.part('filesets', (took) => this.readFilesets(took));
      await this.part('images', (took) => this.readMissing(took));
    });
  }

  private async part(part: DetailPart, read: (took: () => number) => Promise<void>): Promise<void> {
    const { details } = this.register.usage;
    const start = performance.now();
    const took = (): number => Math.round(performance.now() - start);
    try {
      if (!(await details.isDue(part))) return;
      await read(took);
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('report not read', { part, code, reason, next: 'it will be retried' });
      await details.failed(part, `${code}: ${reason}`, took());
    }
  }

  private async readFilesets(took: () => number): Promise<void> {
    const read = await this.omero.usageDetails(limitMs);
    const legacy = new Map<string, Amount>();
    const of = ({ groupId, ownerId }: Pick<LegacyAmount, 'groupId' | 'ownerId'>): Amount => {
      const key = `${groupId} ${ownerId}`;
      const known = legacy.get(key) ?? { groupId, ownerId, ...nothing };
      legacy.set(key, known);
      return known;
    };
    for (const row of read.legacy) Object.assign(of(row), row);
    if (read.legacy.length > 0)
      for await (const some of batches(this.omero.legacyPixels(), batchSize)) {
        if (this.stop.signal.aborted) return;
        await this.addPixels(some, of);
      }
    await this.register.usage.details.mirror({ ...read, legacy: [...legacy.values()] }, took());
  }

  /** Only the disk shows which pixels and pyramids there are, and how large. */
  private async addPixels(some: readonly LegacyPixels[], of: (row: LegacyPixels) => Amount): Promise<void> {
    const paths = some.map(({ pixelsId }) => legacyPath(pixelsId));
    const sizes = await this.sizesOf([...paths, ...paths.map((path) => `${path}_pyramid`)]);
    some.forEach((row, at) => {
      const [pixels, pyramid] = [sizes[at] ?? null, sizes[at + some.length] ?? null];
      const amount = of(row);
      if (pixels !== null) [amount.pixels, amount.pixelsBytes] = [amount.pixels + 1n, amount.pixelsBytes + pixels];
      if (pyramid !== null)
        [amount.pyramids, amount.pyramidBytes] = [amount.pyramids + 1n, amount.pyramidBytes + pyramid];
    });
  }

  /** Null for what is not there. A link of an archived file counts as large as the original was. */
  private async sizesOf(paths: readonly string[]): Promise<readonly (bigint | null)[]> {
    const root = this.originals.directory('Pixels');
    await this.originals.root('Pixels');
    const found = await this.files.inspect(paths.map((path) => ({ root, path: Buffer.from(path) })));
    const links = paths.filter((_, at) => found[at]?.kind === 'link');
    const archived = await this.register.usage.archivedSizes(
      'Pixels',
      links.map((path) => Buffer.from(path)),
    );
    return found.map((each, at) => sizeOf(each) ?? archived.get(paths[at] as string) ?? null);
  }

  /** Which archived images OMERO no longer has. */
  private async readMissing(took: () => number): Promise<void> {
    const { usage } = this.register;
    const missing: bigint[] = [];
    for (let after: bigint | undefined = -1n; after !== undefined;) {
      if (this.stop.signal.aborted) return;
      const ids: readonly bigint[] = await usage.archivedImagesAfter(after, batchSize);
      const there = await this.omero.existing(ids);
      missing.push(...ids.filter((id) => !there.has(id)));
      after = ids.length < batchSize ? undefined : ids.at(-1);
    }
    await usage.details.mirrorMissing(missing, took());
  }
}

const nothing = {
  images: 0n,
  originals: 0n,
  originalBytes: 0n,
  pixels: 0n,
  pixelsBytes: 0n,
  pyramids: 0n,
  pyramidBytes: 0n,
};

function sizeOf(found: Found): bigint | null {
  if (found.kind === 'refused' && found.error.kind === 'transient') throw found.error;
  return found.kind === 'file' ? found.identity.size : null;
}
