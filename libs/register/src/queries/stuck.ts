import type pg from 'pg';
import type { StuckFile } from './listings';

/** Stuck files by code, from the totals. */
export async function stuckByCode(
  pool: pg.Pool,
  requestId?: bigint,
): Promise<readonly { code: string; files: number; bytes: bigint }[]> {
  const { rows } = await pool.query(
    `SELECT code, sum(files)::int AS files, sum(bytes)::bigint AS bytes FROM file_total
     WHERE state = 'stuck' AND ($1::bigint IS NULL OR request_id = $1) GROUP BY code HAVING sum(files) > 0 ORDER BY code`,
    [requestId ?? null],
  );
  return rows;
}

/** The first stuck files of each code, by request and number. */
export async function stuckFiles(pool: pg.Pool, requestId?: bigint, perCode = 100): Promise<readonly StuckFile[]> {
  const { rows } = await pool.query(
    `SELECT f.id, f.fileset, b.name AS bag, f.code, f.stuck_from, f.released_at IS NOT NULL AS released
     FROM (SELECT DISTINCT code FROM file_total WHERE state = 'stuck' AND files > 0 AND ($1::bigint IS NULL OR request_id = $1)) c
       CROSS JOIN LATERAL (SELECT * FROM file WHERE code = c.code AND stuck_from IS NOT NULL AND ($1::bigint IS NULL OR request_id = $1)
         ORDER BY request_id, id LIMIT $2) f
       LEFT JOIN bag b ON b.id = f.bag_id
     ORDER BY f.code, f.request_id, f.id`,
    [requestId ?? null, perCode],
  );
  return rows.map(({ stuck_from: stuckFrom, ...row }) => ({ ...row, stuckFrom }));
}

/** Bags in which every durable file waits for a stuck file of its fileset: only a person can resolve this. */
export async function bagsBehindStuck(pool: pg.Pool, requestId?: bigint): Promise<number> {
  const { rows } = await pool.query<{ bags: number }>(
    `SELECT count(*)::int AS bags FROM bag WHERE state = 'sealed' AND ($1::bigint IS NULL OR request_id = $1)
       AND NOT EXISTS (SELECT FROM file f WHERE f.bag_id = bag.id AND f.state = 'sealed' AND NOT EXISTS (
         SELECT FROM file g WHERE g.request_id = f.request_id AND g.fileset = f.fileset AND g.stuck_from IS NOT NULL))`,
    [requestId ?? null],
  );
  return rows[0]?.bags ?? 0;
}
