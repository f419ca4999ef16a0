import type pg from 'pg';
import { packBags, crashPoint, type Packable, type Identity } from '@coldroom/domain';
import { formatIdentity } from '../db/rows';
import { recordRequestEvent } from './request-events';

export interface StartOrder {
  /** The store that the bags are for. */
  readonly store: string;
  readonly bagName: (nr: number) => string;
  readonly by: string;
}

/** Approved → Running: packs bags, in which the files are `approved`. Safe to repeat. Returns the number of bags. */
export async function packRequest(
  client: pg.PoolClient,
  requestId: bigint,
  { store, bagName, by }: StartOrder,
): Promise<number> {
  const { rowCount } = await client.query(`UPDATE request SET state = 'Running' WHERE id = $1 AND state = 'Approved'`, [
    requestId,
  ]);
  if (rowCount !== 1) return 0;
  let bags = 0;
  for await (const bag of packBags(registeredFiles(client, requestId))) {
    bags += 1;
    await packOne(client, { requestId, store, name: bagName(bags), files: bag.files });
  }
  await recordRequestEvent(client, { requestId, what: 'start', from: 'Approved', to: 'Running', detail: { bags }, by });
  if (bags === 0) await client.query(`UPDATE request SET state = 'Finished' WHERE id = $1`, [requestId]);
  await client.query(
    `UPDATE request_image i SET mark_wanted = 'none' WHERE request_id = $1 AND NOT EXISTS (
       SELECT FROM file f WHERE f.request_id = $1 AND f.fileset = i.fileset AND f.phase <> 'skipped')`,
    [requestId],
  );
  crashPoint('scan:4-bags-packed');
  return bags;
}

async function* registeredFiles(client: pg.PoolClient, requestId: bigint): AsyncGenerator<Packable> {
  await client.query(
    `DECLARE registered NO SCROLL CURSOR FOR SELECT id, fileset, size FROM file
     WHERE request_id = ${requestId} AND state = 'registered' ORDER BY fileset, path`,
  );
  for (;;) {
    const { rows } = await client.query<Packable>('FETCH 5000 FROM registered');
    if (rows.length === 0) break;
    yield* rows;
  }
  await client.query('CLOSE registered');
}

/** A bag to be made, and the files that it will hold. */
export interface NewBag {
  readonly requestId: bigint;
  readonly store: string;
  readonly name: string;
  readonly files: readonly Packable[];
  /** Replaces the recorded identity of each file; a retry sets it to `unseen`. */
  readonly identity?: Identity;
}

/** Makes one bag of these files and puts them into it as `approved`. */
export async function packOne(
  client: pg.ClientBase,
  { requestId, store, name, files, identity }: NewBag,
): Promise<void> {
  await client.query(
    `WITH made AS (INSERT INTO bag (request_id, name, store, state, files, bytes) VALUES ($1, $2, $3, 'approved', $4, $5) RETURNING id)
     UPDATE file SET bag_id = made.id, state = 'approved', stuck_from = NULL, code = NULL, reason = NULL, copy_attempts = 0,
       copy_version = NULL, copy_digest = NULL, copy_read = NULL, copy_checked_at = NULL, copy_fault = NULL, identity = coalesce($7, identity) FROM made WHERE file.id = ANY($6)`,
    [
      requestId,
      name,
      store,
      files.length,
      files.reduce((sum, file) => sum + file.size, 0n),
      files.map((file) => file.id),
      identity ? formatIdentity(identity) : null,
    ],
  );
}
