import type pg from 'pg';
import { lockRequests } from '../db/connection';
import { bringForward, letGiveWay } from './bring-forward';
import type { RebuiltBag } from './rebuilt-bag';
import { addFiles, addImages, giveWay } from './rebuilt-files';
import { requestOf } from './rebuilt-request';
import { anyBeforeLink, beforeLink, changesOf, type Row } from './restored-rows';
import { syncBagsAndRequests } from './scope';

export interface CaughtUp {
  readonly requestId: bigint;
  readonly bagId: bigint;
}

/**
 * Adds what a bag knows beyond a register that was restored from a backup. Only a file whose link is at its path, and
 * leads into this very bag, is brought forward: that proves that it was archived. All others keep the state that the
 * register has.
 */
export async function catchUpBag(
  client: pg.ClientBase,
  bag: RebuiltBag,
  by: string,
  last: boolean,
): Promise<'known' | 'later' | CaughtUp> {
  const {
    rows: [known],
  } = await client.query<{ id: bigint; request_id: bigint; store: string }>(
    'SELECT id, request_id, store FROM bag WHERE name = $1',
    [bag.name],
  );
  const { forward, givingWay } = await changesOf(client, bag, known);
  const changed = [...forward.map(({ row }) => row), ...givingWay];
  if (known && changed.length === 0) return 'known';
  const own = known?.request_id ?? (await sameRequest(client, bag));
  // Its originals are at their paths. The services go on with them; what is yet to be copied into it gets stuck with
  // BAG_SEALED, and a retry packs it into another bag.
  if (own !== undefined && changed.length === 0 && (await anyBeforeLink(client, bag.files))) return 'known';
  const requestId = own ?? (await requestOf(client, bag, by, last));
  if (requestId === undefined) return 'later';
  const others = [...new Set(changed.map(({ request_id }) => request_id))].filter((id) => id !== requestId);
  await lockRequests(client, [requestId, ...others]);
  const bagId = await sealedBag(client, bag, requestId);
  const where = { requestId, bagId };
  await bringForward(client, where, forward);
  await letGiveWay(client, bagId, givingWay, by);
  await moveImages(client, requestId, others, bag);
  const rest = await withoutRows(client, bag, bagId);
  await giveWay(client, rest);
  await addFiles(client, requestId, bagId, rest);
  await addImages(client, requestId, bagId, bag);
  await settle(client, where, others, changed);
  return where;
}

/** The request that packed it, if the register has it. */
async function sameRequest(client: pg.ClientBase, bag: RebuiltBag): Promise<bigint | undefined> {
  if (bag.requestNumber === null) return undefined;
  const { rows } = await client.query<{ id: bigint }>(
    'SELECT id FROM request WHERE id = $1 AND owner = $2 AND group_name = $3',
    [bag.requestNumber, bag.owner, bag.group],
  );
  return rows[0]?.id;
}

async function sealedBag(client: pg.ClientBase, bag: RebuiltBag, requestId: bigint): Promise<bigint> {
  const bytes = bag.files.reduce((sum, file) => sum + file.identity.size, 0n);
  const { rows } = await client.query<{ id: bigint }>(
    `INSERT INTO bag AS b (request_id, name, store, state, files, bytes, created_at, sealed_at) VALUES ($1, $2, $3, 'done', $4, $5, $6, $6)
     ON CONFLICT (name) DO UPDATE SET store = excluded.store, state = 'done', files = excluded.files, bytes = excluded.bytes,
       sealed_at = excluded.sealed_at, moving_to = NULL, moved_from = CASE WHEN b.store = excluded.store THEN b.moved_from ELSE b.store END, claimed_by = NULL, lease_until = NULL, not_before = now(),
       attempts = 0, waiting_since = NULL, due_now = false, note = NULL
     RETURNING b.id`,
    [requestId, bag.name, bag.store, bag.files.length, bytes, bag.date],
  );
  return (rows[0] as { id: bigint }).id;
}

/** Images of files that another request had at the time of the backup; what OMERO shows of them does not change. */
async function moveImages(
  client: pg.ClientBase,
  requestId: bigint,
  others: readonly bigint[],
  { images }: RebuiltBag,
): Promise<void> {
  await client.query(
    `UPDATE request_image i SET mark_wanted = 'none', mark_written = 'none' WHERE i.request_id = ANY($2) AND i.image_id = ANY($3)
       AND NOT EXISTS (SELECT FROM file f WHERE f.request_id = i.request_id AND f.fileset = i.fileset AND f.phase <> 'skipped')
       AND i.request_id <> $1`,
    [requestId, others, images.map(({ imageId }) => imageId)],
  );
}

/** The bag with those files only of which the register has no row that counts. */
async function withoutRows(client: pg.ClientBase, bag: RebuiltBag, bagId: bigint): Promise<RebuiltBag> {
  const { rows } = await client.query<{ missing: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM file f WHERE f.root = mine.root AND f.path = mine.path AND (f.bag_id = $3 OR ${beforeLink})) AS missing
     FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS mine(root, path, nr) ORDER BY nr`,
    [bag.files.map(({ root }) => root), bag.files.map(({ path }) => path), bagId],
  );
  return { ...bag, files: bag.files.filter((_file, at) => rows[at]?.missing) };
}

/** The request was carried out; `settleRest` looks after what of it is in no bag. */
async function settle(
  client: pg.ClientBase,
  { requestId, bagId }: CaughtUp,
  others: readonly bigint[],
  changed: readonly Row[],
): Promise<void> {
  await client.query(
    `UPDATE request SET state = 'Running' WHERE id = $1 AND state IN ('New', 'Approved', 'Declined')`,
    [requestId],
  );
  const left = changed.flatMap(({ bag_id }) => (bag_id === null ? [] : [bag_id]));
  await syncBagsAndRequests(client, { requests: [requestId, ...others], bags: [...new Set([bagId, ...left])] });
  await client.query(
    `UPDATE request r SET state = 'Finished' WHERE r.id = ANY($1) AND r.state IN ('New', 'Approved')
       AND NOT EXISTS (SELECT FROM file f WHERE f.request_id = r.id AND f.phase <> 'skipped')`,
    [others],
  );
}
