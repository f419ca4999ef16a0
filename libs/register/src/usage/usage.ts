import type pg from 'pg';
import type { RootName } from '@coldroom/domain';
import { isVisible } from '../requests/request-filter';
import { expiringData, type ExpiringData } from './expiring';
import { archivedImagesAfter, missingImages, type MissingImage } from './missing-images';
import { OmeroDetails } from './omero-details';
import { OmeroMirror } from './omero-mirror';
import { isChosen, joinNames, ownerNames, type UsageFilter, type UsageOwner } from './owners';
import { partOfTotal, type UsagePart } from './parts';
import { groupDays, recordDay, usageDays, type GroupDay, type UsageDay } from './usage-days';

export interface UsageRow extends UsageOwner {
  /** Null while the files have no bag. */
  readonly store: string | null;
  readonly part: UsagePart;
  /** A sealed copy of it is in the store, also while it is moved, recalled or stuck. */
  readonly stored: boolean;
  readonly files: number;
  readonly bytes: bigint;
}

/** How much is in the archive, and in OMERO: from totals and from what the scanner read, without counting files. */
export class Usage {
  /** What the scanner read of OMERO. */
  readonly omero: OmeroMirror;
  /** The same in more detail, for reports. */
  readonly details: OmeroDetails;

  constructor(private readonly pool: pg.Pool) {
    this.omero = new OmeroMirror(pool);
    this.details = new OmeroDetails(pool);
  }

  /** By group, owner, store and part. */
  async ofFiles(filter: UsageFilter = {}): Promise<readonly UsageRow[]> {
    const values: unknown[] = [];
    const value = (given: unknown): string => `$${values.push(given)}`;
    const chosen = `${isVisible(filter.visibleTo, value)} AND ${isChosen(filter, 'r', value)}`;
    const { rows } = await this.pool.query<UsageRow>(
      `SELECT ${ownerNames}, s.store, s.part, s.stored, s.files, s.bytes FROM (
         SELECT r.group_id, max(r.group_name) AS group_name, r.owner_id, max(r.owner) AS owner_name, nullif(t.store, '') AS store,
           ${partOfTotal} AS part, t.store <> '' AND t.phase NOT IN ('early', 'restored', 'given up') AS stored, sum(t.files)::float8 AS files, sum(t.bytes)::bigint AS bytes
         FROM file_total t JOIN request r ON r.id = t.request_id WHERE t.files > 0 AND ${chosen} GROUP BY 1, 3, 5, 6, 7) s
       ${joinNames} ORDER BY s.group_id, s.owner_id, s.store NULLS FIRST, s.part`,
      values,
    );
    return rows;
  }

  /** Records the totals of now for today; the last call of a day is what remains. */
  async recordDay(): Promise<void> {
    await recordDay(this.pool);
  }

  /** All groups of the filter together, oldest first. */
  async days(groups: readonly bigint[] | undefined, since: Date): Promise<readonly UsageDay[]> {
    return usageDays(this.pool, groups, since);
  }

  /** See `groupDays`. */
  async groupDays(groups: readonly bigint[] | undefined, until: string): Promise<readonly GroupDay[]> {
    return groupDays(this.pool, groups, until);
  }

  /** See `archivedImagesAfter`. */
  async archivedImagesAfter(after: bigint, limit: number): Promise<readonly bigint[]> {
    return archivedImagesAfter(this.pool, after, limit);
  }

  /** Sizes of the files of the register that have these paths, by path as text. */
  async archivedSizes(root: RootName, paths: readonly Buffer[]): Promise<ReadonlyMap<string, bigint>> {
    if (paths.length === 0) return new Map();
    const { rows } = await this.pool.query<{ path: Buffer; size: bigint }>(
      `SELECT path, size FROM file WHERE root = $1 AND path = ANY($2::bytea[]) AND phase NOT IN ('skipped', 'given up', 'restored')`,
      [root, paths],
    );
    return new Map(rows.map(({ path, size }) => [path.toString(), size]));
  }

  /** See `expiringData`. */
  async expiring(filter: UsageFilter = {}): Promise<readonly ExpiringData[]> {
    return expiringData(this.pool, filter);
  }

  /** Archived images that OMERO no longer has, by image; read page by page. */
  async *missingImages(filter: UsageFilter = {}): AsyncGenerator<MissingImage> {
    for (let after: bigint | undefined = -1n; after !== undefined;) {
      const rows: readonly MissingImage[] = await missingImages(this.pool, filter, after, pageSize);
      yield* rows;
      after = rows.length < pageSize ? undefined : rows.at(-1)?.imageId;
    }
  }
}

const pageSize = 1000;
