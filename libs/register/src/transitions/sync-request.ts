import type pg from 'pg';
import type { DueBag } from './claims';
import { complete, fetched, hasFile } from './filesets';

/**
 * Makes due the bags, except `own`, that wait in `sealed` or `fetchVerified` for a fileset that is now complete; a bag that a
 * worker holds is only flagged. If two bags complete a fileset at the same time, they do so one after the other,
 * because both lock the request first.
 */
export async function markDueNow(
  client: pg.ClientBase,
  requestId: bigint,
  filesets: readonly string[],
  own: bigint | null,
): Promise<readonly DueBag[]> {
  if (filesets.length === 0) return [];
  const { rows } = await client.query<{ id: bigint; state: DueBag['state']; held: boolean }>(
    `WITH whole AS MATERIALIZED (SELECT fileset FROM unnest($3::text[]) AS moved(fileset) WHERE ${complete('moved.fileset')} OR ${fetched('moved.fileset')})
     UPDATE bag SET not_before = now(), waiting_since = NULL, due_now = true WHERE id IS DISTINCT FROM $2 AND state IN ('sealed', 'fetchVerified') AND id = ANY(ARRAY(
       SELECT DISTINCT waiting.bag_id FROM whole CROSS JOIN LATERAL (
         SELECT f.bag_id FROM file f WHERE f.request_id = $1 AND f.fileset = whole.fileset AND f.phase IN ('sealed', 'fetchVerified') OFFSET 0) waiting))
     RETURNING id, state, coalesce(lease_until > now(), false) AS held`,
    [requestId, own, filesets],
  );
  return rows.filter((row) => !row.held).map((row) => ({ bagId: row.id, state: row.state }));
}

/** Makes the request's state, and the wanted marks of these filesets' images, consistent with the files. */
export async function syncRequest(
  client: pg.ClientBase,
  requestId: bigint,
  filesets: readonly string[],
): Promise<void> {
  if (filesets.length > 0) {
    await client.query(
      `UPDATE request_image i SET mark_wanted = s.wanted FROM (
         SELECT fileset, CASE
           WHEN ${hasFile('moved.fileset', ['early', 'sealed'])} THEN 'pending'
           WHEN ${hasFile('moved.fileset', ['undoing'])} THEN NULL
           WHEN ${hasFile('moved.fileset', ['linked', 'recalled', 'retrieving', 'fetchVerified', 'moving'])} THEN 'archived'
           ELSE 'none' END AS wanted
         FROM unnest($2::text[]) AS moved(fileset)) s
       WHERE i.request_id = $1 AND i.fileset = s.fileset AND s.wanted IS NOT NULL AND i.mark_wanted <> s.wanted`,
      [requestId, filesets],
    );
  }
  await client.query(
    `UPDATE request r SET state = s.state FROM (SELECT CASE
       WHEN EXISTS (SELECT FROM file WHERE request_id = $1 AND stuck_from IS NOT NULL) THEN 'Error'
       WHEN EXISTS (SELECT FROM bag WHERE request_id = $1 AND state NOT IN ('linked', 'recalled', 'done')) THEN 'Running'
       ELSE 'Finished' END AS state) s
     WHERE r.id = $1 AND r.state IN ('Running', 'Error', 'Finished') AND r.state <> s.state`,
    [requestId],
  );
}
