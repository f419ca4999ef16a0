import type pg from 'pg';
import type { FileState } from '@coldroom/domain';
import { lockRequests, transaction } from '../db/connection';

/** A request whose totals are not what a count gives. */
export interface WrongTotals {
  readonly requestId: bigint;
  /** What is counted and what the totals say, where they differ. */
  readonly expected: string;
  readonly found: string;
}

/** Files and bytes by state, and by code if they have one. */
export interface StateTotal {
  readonly state: FileState;
  readonly code: string | null;
  readonly files: number;
  readonly bytes: bigint;
}

export async function totalsByState(pool: pg.Pool, requestId?: bigint): Promise<readonly StateTotal[]> {
  const { rows } = await pool.query<StateTotal>(
    `SELECT state, nullif(code, '') AS code, sum(files)::int AS files, sum(bytes)::bigint AS bytes FROM file_total
     WHERE $1::bigint IS NULL OR request_id = $1 GROUP BY 1, 2 HAVING sum(files) > 0 ORDER BY 1, 2`,
    [requestId ?? null],
  );
  return rows;
}

const key = 'request_id, store, phase, state, code, released';
const differingFiles = `SELECT ${key}, coalesce(c.files, 0) AS files, coalesce(c.bytes, 0) AS bytes, coalesce(t.files, 0) AS kept_files, coalesce(t.bytes, 0) AS kept_bytes
  FROM file_count c FULL JOIN file_total t USING (${key})
  WHERE (coalesce(c.files, 0), coalesce(c.bytes, 0)) <> (coalesce(t.files, 0), coalesce(t.bytes, 0))`;
const differingImages = `SELECT r.id AS request_id, coalesce(c.images, 0) AS images, coalesce(c.marked, 0) AS marked, coalesce(c.filesets, 0) AS filesets,
    r.images AS kept_images, r.marked AS kept_marked, r.filesets AS kept_filesets
  FROM request r LEFT JOIN image_count c ON c.request_id = r.id
  WHERE (coalesce(c.images, 0), coalesce(c.marked, 0), coalesce(c.filesets, 0)) <> (r.images, r.marked, r.filesets)`;

/** Counts all files and images, and compares. One statement sees one state of the register: no one has to wait. */
export async function wrongTotals(pool: pg.Pool): Promise<readonly WrongTotals[]> {
  const { rows } = await pool.query<WrongTotals>(
    `WITH differing AS (
       SELECT request_id, 'files ' || concat_ws(' ', state, nullif(code, ''), nullif(store, '')) AS what, files || ' (' || bytes || ' bytes)' AS counted, kept_files || ' (' || kept_bytes || ' bytes)' AS kept
       FROM (${differingFiles}) f
       UNION ALL
       SELECT request_id, 'images, marked, filesets', concat_ws(', ', images, marked, filesets), concat_ws(', ', kept_images, kept_marked, kept_filesets)
       FROM (${differingImages}) i)
     SELECT request_id AS "requestId", string_agg(what || ': ' || counted, '; ' ORDER BY what) AS expected, string_agg(what || ': ' || kept, '; ' ORDER BY what) AS found
     FROM differing GROUP BY request_id ORDER BY request_id`,
  );
  return rows;
}

/** Replaces the totals of a request by what a count gives now. Its transitions wait meanwhile; no others do. */
export async function recount(pool: pg.Pool, requestId: bigint): Promise<void> {
  await transaction(pool, async (client) => {
    await lockRequests(client, [requestId]);
    await client.query(
      `INSERT INTO file_total SELECT ${key}, files, bytes FROM (${differingFiles} AND request_id = $1) d
       ON CONFLICT (${key}) DO UPDATE SET files = excluded.files, bytes = excluded.bytes`,
      [requestId],
    );
    await client.query(
      `UPDATE request r SET images = d.images, marked = d.marked, filesets = d.filesets FROM (${differingImages} AND r.id = $1) d WHERE r.id = d.request_id`,
      [requestId],
    );
  });
}
