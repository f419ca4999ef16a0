import type pg from 'pg';
import { knownBy, namedBy, valuesOf, type Target } from '../operator/targets';
import type { SelectedFiles, SelectedWith } from './listings';

/** What a command on this target would affect; see `OperatorActions` for the effects. */
export async function selectedFiles(
  pool: pg.Pool,
  target: Target,
  including: SelectedWith,
): Promise<readonly SelectedFiles[]> {
  const stuckOnly = including === 'stuck filesets' ? `AND f.bag_id IS NOT NULL AND f.stuck_from IS NOT NULL` : '';
  const named = namedBy[target.kind];
  const { rows } = await pool.query(
    `SELECT f.request_id, r.state AS request_state, f.state, f.stuck_from, f.code, f.bag_id IS NOT NULL AS in_bag, f.released_at IS NOT NULL AS released,
       count(DISTINCT f.fileset)::int AS filesets, count(*)::int AS files, sum(f.size)::bigint AS bytes
     FROM file f JOIN request r ON r.id = f.request_id
     ${
       including === 'files' && target.kind === 'File'
         ? 'WHERE f.id = ANY($1)'
         : `WHERE (f.request_id, f.fileset) IN (SELECT f.request_id, f.fileset FROM file f WHERE ${named} ${stuckOnly})`
     }
     GROUP BY f.request_id, r.state, f.state, f.stuck_from, f.code, in_bag, released ORDER BY f.request_id, f.state, f.code`,
    [valuesOf(target)],
  );
  return rows.map((row) => ({
    requestId: row.request_id,
    requestState: row.request_state,
    state: row.state,
    stuckFrom: row.stuck_from,
    code: row.code,
    inBag: row.in_bag,
    released: row.released,
    filesets: row.filesets,
    files: row.files,
    bytes: row.bytes,
  }));
}

/** The ids or names of the target that the register does not know. */
export async function unknownIn(pool: pg.Pool, target: Target): Promise<readonly string[]> {
  const { rows } = await pool.query<{ value: string }>(
    `SELECT value::text AS value FROM unnest($1::${target.kind === 'Fileset' ? 'text[]' : 'bigint[]'}) AS value WHERE NOT EXISTS (${knownBy[target.kind]})`,
    [valuesOf(target)],
  );
  return rows.map((row) => (target.kind === 'Fileset' ? row.value : `${target.kind}:${row.value}`));
}
