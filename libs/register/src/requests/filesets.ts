import type pg from 'pg';

/** What a request has of one fileset. */
export interface FilesetSummary {
  readonly fileset: string;
  /** The name of one of its images. */
  readonly name: string;
  readonly images: number;
  readonly markedImages: number;
  /** Without those that are not taken. */
  readonly files: number;
  readonly bytes: bigint;
}

/** The next filesets of a request by name, after `after`. */
export async function filesetsOf(
  pool: pg.Pool,
  requestId: bigint,
  { after = '', limit = 100 }: { after?: string; limit?: number },
): Promise<readonly FilesetSummary[]> {
  const { rows } = await pool.query<FilesetSummary>(
    `SELECT i.fileset, i.name, i.images, i.marked AS "markedImages", f.files, f.bytes
     FROM (SELECT fileset, min(name) AS name, count(*)::int AS images, count(*) FILTER (WHERE marked)::int AS marked
       FROM request_image WHERE request_id = $1 AND fileset > $2 GROUP BY fileset ORDER BY fileset LIMIT $3) i
     CROSS JOIN LATERAL (SELECT count(*)::int AS files, coalesce(sum(size), 0)::bigint AS bytes
       FROM file WHERE request_id = $1 AND fileset = i.fileset AND phase <> 'skipped') f
     ORDER BY i.fileset`,
    [requestId, after, limit],
  );
  return rows;
}
