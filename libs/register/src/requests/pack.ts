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

/** So many bags are written by one statement. */
const bagsAtOnce = 50;

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
  let packed: FilesOfBag[] = [];
  const write = async (): Promise<void> => {
    await packAll(client, { requestId, store }, packed);
    packed = [];
  };
  for await (const { files } of packBags(registeredFiles(client, requestId))) {
    bags += 1;
    packed.push({ name: bagName(bags), files });
    if (packed.length >= bagsAtOnce) await write();
  }
  await write();
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

/** What all bags that are made together have in common. */
export interface NewBags {
  readonly requestId: bigint;
  readonly store: string;
  /** Replaces the recorded identity of each file; a retry sets it to `unseen`. */
  readonly identity?: Identity;
}

export interface FilesOfBag {
  readonly name: string;
  readonly files: readonly Packable[];
}

/** Makes bags of these files and puts them into them as `approved`, with one change of the totals. */
export async function packAll(
  client: pg.ClientBase,
  { requestId, store, identity }: NewBags,
  bags: readonly FilesOfBag[],
): Promise<void> {
  if (bags.length === 0) return;
  await client.query(
    `WITH made AS (
       INSERT INTO bag (request_id, name, store, state, files, bytes)
       SELECT $1, b.name, $2, 'approved', b.files, b.bytes FROM unnest($3::text[], $4::int[], $5::bigint[]) WITH ORDINALITY AS b(name, files, bytes, nr) ORDER BY b.nr
       RETURNING id, name)
     UPDATE file SET bag_id = made.id, state = 'approved', stuck_from = NULL, code = NULL, reason = NULL, copy_attempts = 0,
       copy_version = NULL, copy_digest = NULL, copy_read = NULL, copy_checked_at = NULL, copy_fault = NULL, identity = coalesce($8, identity)
     FROM unnest($6::bigint[], $7::text[]) AS packed(id, bag) JOIN made ON made.name = packed.bag WHERE file.id = packed.id`,
    [
      requestId,
      store,
      bags.map((bag) => bag.name),
      bags.map((bag) => bag.files.length),
      bags.map((bag) => bag.files.reduce((sum, file) => sum + file.size, 0n)),
      bags.flatMap((bag) => bag.files.map((file) => file.id)),
      bags.flatMap((bag) => bag.files.map(() => bag.name)),
      identity ? formatIdentity(identity) : null,
    ],
  );
}
