import type pg from 'pg';
import { isVisible } from '../requests/request-filter';
import type { UsageFilter } from './owners';

/** An archived image that OMERO no longer had when the scanner last looked. */
export interface MissingImage {
  readonly imageId: bigint;
  readonly name: string;
  readonly fileset: string;
  readonly requestId: bigint;
  readonly group: string;
  readonly owner: string;
  readonly files: number;
  readonly bytes: bigint;
  /** Who confirmed that it was deleted in OMERO on purpose, or null. */
  readonly deletionKnownBy: string | null;
}

/** Ids of archived images after this one. */
export async function archivedImagesAfter(pool: pg.Pool, after: bigint, limit: number): Promise<readonly bigint[]> {
  const { rows } = await pool.query<{ id: bigint }>(
    `SELECT DISTINCT image_id AS id FROM request_image WHERE image_id > $1 AND mark_wanted = 'archived' AND mark_written = 'archived'
     ORDER BY image_id LIMIT $2`,
    [after, limit],
  );
  return rows.map(({ id }) => id);
}

/** Those that are still archived in the register, by image, with the files of their filesets. */
export async function missingImages(
  pool: pg.Pool,
  filter: UsageFilter,
  after: bigint,
  limit: number,
): Promise<readonly MissingImage[]> {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const { rows } = await pool.query<MissingImage>(
    `SELECT i.image_id AS "imageId", i.name, i.fileset, i.request_id AS "requestId", r.group_name AS "group", r.owner, f.files, f.bytes,
       i.deletion_known_by AS "deletionKnownBy"
     FROM omero_missing_image m JOIN request_image i ON i.image_id = m.image_id AND i.mark_wanted = 'archived' JOIN request r ON r.id = i.request_id
     CROSS JOIN LATERAL (SELECT count(*)::int AS files, coalesce(sum(f.size), 0)::bigint AS bytes FROM file f WHERE f.request_id = i.request_id AND f.fileset = i.fileset) f
     WHERE m.image_id > ${value(after)} AND ${isVisible(filter.visibleTo, value)} ORDER BY m.image_id LIMIT ${value(limit)}`,
    values,
  );
  return rows;
}
