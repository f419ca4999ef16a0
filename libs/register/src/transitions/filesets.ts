import type pg from 'pg';
import type { Phase } from '../db/phases';

/**
 * True if the fileset of request $1 has a file in one of these phases. A subquery with a limit is never turned into a
 * join: each is a probe into an index, however wrong the planner's statistics are while a request runs.
 */
export const hasFile = (fileset: string, phases: readonly Phase[]): string =>
  `coalesce((SELECT true FROM file f WHERE f.request_id = $1 AND f.fileset = ${fileset} AND f.phase = ANY('{${phases.join()}}') LIMIT 1), false)`;

/**
 * True if the fileset of request $1 has files that are durable or beyond, and none that is still before that or given
 * up.
 */
export const complete = (fileset: string): string =>
  `${hasFile(fileset, ['sealed', 'linked'])} AND NOT ${hasFile(fileset, ['early', 'undoing', 'given up'])}`;

/** True if all files of the fileset of request $1 that were requested back are proven, or already in place. */
export const fetched = (fileset: string): string =>
  `${hasFile(fileset, ['fetchVerified'])} AND NOT ${hasFile(fileset, ['early', 'sealed', 'linked', 'undoing', 'retrieving', 'moving'])}`;

/** Of the given filesets of the request, those in which every file that was taken is durable or beyond. */
export async function completeFilesets(
  pool: pg.Pool,
  requestId: bigint,
  filesets: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ fileset: string }>(
    `SELECT wanted.fileset FROM unnest($2::text[]) AS wanted(fileset)
     WHERE ${complete('wanted.fileset')}`,
    [requestId, filesets],
  );
  return new Set(rows.map((row) => row.fileset));
}

/** Of the given filesets of the request, those in which every file that was requested back is fetched and proven. */
export async function fetchedFilesets(
  pool: pg.Pool,
  requestId: bigint,
  filesets: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ fileset: string }>(
    `SELECT wanted.fileset FROM unnest($2::text[]) AS wanted(fileset)
     WHERE ${fetched('wanted.fileset')}`,
    [requestId, filesets],
  );
  return new Set(rows.map((row) => row.fileset));
}

/** The images of these filesets, for the description that is written to the bag. */
export async function imagesOf(
  pool: pg.Pool,
  requestId: bigint,
  filesets: readonly string[],
): Promise<ReadonlyMap<string, readonly bigint[]>> {
  const { rows } = await pool.query<{ fileset: string; images: bigint[] }>(
    `SELECT fileset, array_agg(image_id ORDER BY image_id) AS images FROM request_image
     WHERE request_id = $1 AND fileset = ANY($2) GROUP BY fileset`,
    [requestId, filesets],
  );
  return new Map(rows.map((row) => [row.fileset, row.images.map(BigInt)]));
}
