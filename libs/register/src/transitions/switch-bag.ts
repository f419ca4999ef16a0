import type pg from 'pg';

/**
 * The links of these files lead back to the store that their bag never left: the proof of their copies elsewhere is no
 * longer needed.
 */
export async function forgetElsewhere(client: pg.ClientBase, files: readonly bigint[]): Promise<void> {
  await client.query(
    'UPDATE file SET moved_version = NULL, moved_digest = NULL, moved_read = NULL, moved_checked_at = NULL WHERE id = ANY($1)',
    [files],
  );
}

/**
 * From now on the bag is in the other store, and the proof of its copies there is what counts; the caller has changed
 * the state of its files in the same transaction. Throws if one of its files is not there yet: then nothing is
 * recorded.
 */
export async function switchBag(client: pg.ClientBase, bagId: bigint, movedNow: readonly bigint[]): Promise<void> {
  const {
    rows: [row],
  } = await client.query<{ behind: number }>(
    `SELECT count(*)::int AS behind FROM file f WHERE f.bag_id = $1 AND f.phase = 'moving' AND NOT (f.stuck_from IS NOT DISTINCT FROM 'moveSealed' AND f.id = ANY($2))`,
    [bagId, movedNow],
  );
  if (row?.behind !== 0)
    throw new Error(
      `bag ${bagId} cannot be switched to the other store: ${row?.behind} of its files are not there yet`,
    );
  const { rowCount } = await client.query(
    'UPDATE bag SET moved_from = store, store = moving_to, moving_to = NULL, sealed_at = now() WHERE id = $1 AND moving_to IS NOT NULL',
    [bagId],
  );
  if (rowCount !== 1) throw new Error(`bag ${bagId} does not move to another store`);
  // Copies of files that are no longer archived stay behind: the new store has none of them.
  await client.query(
    `UPDATE file f SET copy_version = moved_version, copy_digest = moved_digest, copy_read = moved_read, copy_checked_at = moved_checked_at, copy_fault = NULL,
       moved_version = NULL, moved_digest = NULL, moved_read = NULL, moved_checked_at = NULL, copy_attempts = 0, retrieval = NULL, online_until = NULL
     WHERE f.bag_id = $1`,
    [bagId],
  );
}
