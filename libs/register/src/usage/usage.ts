import type pg from 'pg';
import { isVisible } from '../requests/request-filter';
import { OmeroMirror } from './omero-mirror';
import { isChosen, joinNames, ownerNames, type UsageFilter, type UsageOwner } from './owners';
import { partOfTotal, type UsagePart } from './parts';
import { recordDay, usageDays, type UsageDay } from './usage-days';

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

  constructor(private readonly pool: pg.Pool) {
    this.omero = new OmeroMirror(pool);
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
}
