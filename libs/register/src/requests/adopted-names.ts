import type pg from 'pg';

/** How many images and files a look at OMERO added to a request. */
export interface Added {
  readonly images: number;
  readonly files: number;
}

/**
 * How much of this no one has approved yet. Of a request that was taken over from the older tool, its job named what it
 * still had to archive.
 */
export async function beyondAdopted(
  client: pg.ClientBase,
  requestId: bigint,
  { images, files }: Added,
): Promise<number> {
  if (files === 0) return images;
  const { rows } = await client.query<{ more: number }>(
    `SELECT count(*)::int AS more FROM file f
     WHERE f.request_id = $1 AND f.state = 'registered' AND NOT EXISTS (SELECT FROM adopted_name n WHERE n.request_id = $1 AND n.root = f.root AND n.path = f.path)
       AND EXISTS (SELECT FROM adopted_job j WHERE j.request_id = $1)`,
    [requestId],
  );
  const adopted = await client.query('UPDATE adopted_job SET filled_at = now() WHERE request_id = $1', [requestId]);
  return images + (adopted.rowCount ? (rows[0]?.more ?? 0) : files);
}
