import type pg from 'pg';
import { transaction } from '../db/connection';
import { bigint, integer, listRows, replaceRows, text, type Columns } from './mirror-table';
import type { UsageFilter, UsageOwner } from './owners';

/** Filesets of one owner in OMERO that were imported in one year and are about as large. */
export interface OmeroAmount {
  readonly groupId: bigint;
  readonly ownerId: bigint;
  readonly year: number;
  /** 0 below 1 GiB, 1 below 10 GiB, 2 below 100 GiB, 3 from then on. */
  readonly sizeClass: number;
  readonly images: bigint;
  readonly filesets: bigint;
  readonly files: bigint;
  readonly bytes: bigint;
  /** Those of them whose images OMERO shows as archived. */
  readonly archivedFilesets: bigint;
  readonly archivedBytes: bigint;
}

/** What one owner has in a project. A fileset whose images are in several projects counts in each of them. */
export interface ProjectAmount {
  readonly projectId: bigint;
  readonly groupId: bigint;
  readonly ownerId: bigint;
  readonly name: string;
  readonly filesets: bigint;
  readonly bytes: bigint;
  readonly archivedBytes: bigint;
}

export interface OmeroAmounts {
  readonly filesets: readonly OmeroAmount[];
  readonly projects: readonly ProjectAmount[];
}

export interface OmeroRead {
  /** Null if usage was never read. */
  readonly readAt: Date | null;
  /** Why it could not be read at the last attempt, and what helps. */
  readonly failed: string | null;
}

/** What OMERO has in filesets, as the scanner last read it. No other service reads it from OMERO's database. */
export class OmeroMirror {
  constructor(private readonly pool: pg.Pool) {}

  /** Whether it may be read again: reading takes at most a hundredth of the time, and has at most a day between. */
  async isDue(): Promise<boolean> {
    const { rows } = await this.pool.query<{ due: boolean }>(
      'SELECT next_at IS NULL OR next_at <= now() AS due FROM omero_usage_read',
    );
    return (rows[0] as { due: boolean }).due;
  }

  /** Replaces what is known by what was read, in one transaction. */
  async mirror({ filesets, projects }: OmeroAmounts, tookMs: number): Promise<void> {
    await transaction(this.pool, async (client) => {
      await client.query('SELECT FROM omero_usage_read FOR UPDATE');
      await replaceRows(client, 'omero_usage', amountColumns, filesets);
      await replaceRows(client, 'omero_project', projectColumns, projects);
      await client.query(`UPDATE omero_usage_read SET read_at = now(), failed = NULL, next_at = ${nextAt}`, [tookMs]);
    });
  }

  /** Records why it could not be read; what is known stays. */
  async mirrorFailed(reason: string, tookMs: number): Promise<void> {
    await this.pool.query(`UPDATE omero_usage_read SET failed = $2, next_at = ${nextAt}`, [tookMs, reason]);
  }

  async lastRead(): Promise<OmeroRead> {
    const { rows } = await this.pool.query<OmeroRead>('SELECT read_at AS "readAt", failed FROM omero_usage_read');
    return rows[0] as OmeroRead;
  }

  /** By group, owner, year of import and size. */
  async amounts(filter: UsageFilter = {}): Promise<readonly (OmeroAmount & UsageOwner)[]> {
    return listRows(this.pool, 'omero_usage', amountColumns, filter, {
      order: 's.group_id, s.owner_id, s.year, s.size_class',
    });
  }

  /** Those with the most bytes first. */
  async projects(filter: UsageFilter = {}, limit?: number): Promise<readonly (ProjectAmount & UsageOwner)[]> {
    return listRows(this.pool, 'omero_project', projectColumns, filter, { order: 's.bytes DESC, s.project_id', limit });
  }
}

/** SQL: reading takes at most a hundredth of the time, and has at most a day between. */
export const nextAt = `now() + least(interval '1 day', $1 * interval '100 ms')`;

/** Of the fields of an amount. */
const amountColumns = {
  groupId: bigint('group_id'),
  ownerId: bigint('owner_id'),
  year: integer('year'),
  sizeClass: integer('size_class'),
  images: bigint('images'),
  filesets: bigint('filesets'),
  files: bigint('files'),
  bytes: bigint('bytes'),
  archivedFilesets: bigint('archived_filesets'),
  archivedBytes: bigint('archived_bytes'),
} satisfies Record<keyof OmeroAmount, Columns[string]>;

const projectColumns = {
  projectId: bigint('project_id'),
  groupId: bigint('group_id'),
  ownerId: bigint('owner_id'),
  name: text('name'),
  filesets: bigint('filesets'),
  bytes: bigint('bytes'),
  archivedBytes: bigint('archived_bytes'),
} satisfies Record<keyof ProjectAmount, Columns[string]>;
