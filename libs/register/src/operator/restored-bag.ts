import type pg from 'pg';
import { lockRequests } from '../db/connection';
import { formatIdentity } from '../db/rows';
import { syncRequest } from '../transitions/sync-request';
import { leastState } from '../transitions/bag-state';
import type { RebuiltBag, RebuiltFile } from './rebuilt-bag';
import { addFiles, addImages, giveWay } from './rebuilt-files';
import { requestOf } from './rebuilt-request';

/** A row whose file has been linked since the backup: the register has it in a state from before. */
interface Behind {
  readonly id: bigint;
  readonly request_id: bigint;
  readonly root: string;
  readonly path: Buffer;
}

export interface CaughtUp {
  readonly requestId: bigint;
  readonly bagId: bigint;
}

const before = `phase IN ('early', 'sealed')`;

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
  } = await client.query<{ id: bigint; request_id: bigint }>('SELECT id, request_id FROM bag WHERE name = $1', [
    bag.name,
  ]);
  const linked = bag.files.filter(({ state, code }) => state !== 'skipped' && code === null);
  const behind = await rowsOf<Behind>(client, linked, before);
  if (known && behind.length === 0) return 'known';
  const own = known?.request_id ?? (await sameRequest(client, bag));
  // Its originals are at their paths: the services carry on with it.
  if (own !== undefined && behind.length === 0 && (await rowsOf(client, bag.files, before)).length > 0) return 'known';
  const requestId = own ?? (await requestOf(client, bag, by, last));
  if (requestId === undefined) return 'later';
  const others = [...new Set(behind.map(({ request_id }) => request_id))].filter((id) => id !== requestId);
  await lockRequests(client, [requestId, ...others]);
  const bagId = await sealedBag(client, bag, requestId);
  const where = { requestId, bagId };
  await bringForward(client, where, linked, behind);
  await moveImages(client, requestId, others, bag);
  const rest = await withoutRows(client, bag, bagId);
  await giveWay(client, rest);
  await addFiles(client, requestId, bagId, rest);
  await addImages(client, requestId, bagId, bag);
  await settle(client, where, others, bag);
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

async function rowsOf<T extends pg.QueryResultRow>(
  client: pg.ClientBase,
  files: readonly RebuiltFile[],
  condition: string,
): Promise<readonly T[]> {
  const { rows } = await client.query<T>(
    `SELECT f.id, f.request_id, f.root, f.path FROM unnest($1::text[], $2::bytea[]) AS mine(root, path)
     JOIN file f ON f.root = mine.root AND f.path = mine.path WHERE ${condition}`,
    [files.map(({ root }) => root), files.map(({ path }) => path)],
  );
  return rows;
}

async function sealedBag(client: pg.ClientBase, bag: RebuiltBag, requestId: bigint): Promise<bigint> {
  const bytes = bag.files.reduce((sum, file) => sum + file.identity.size, 0n);
  const { rows } = await client.query<{ id: bigint }>(
    `INSERT INTO bag AS b (request_id, name, store, state, files, bytes, created_at, sealed_at) VALUES ($1, $2, $3, 'done', $4, $5, $6, $6)
     ON CONFLICT (name) DO UPDATE SET store = excluded.store, state = 'done', files = excluded.files, bytes = excluded.bytes,
       sealed_at = excluded.sealed_at, moving_to = NULL, claimed_by = NULL, lease_until = NULL, not_before = now(),
       attempts = 0, waiting_since = NULL, due_now = false, note = NULL
     RETURNING b.id`,
    [requestId, bag.name, bag.store, bag.files.length, bytes, bag.date],
  );
  return (rows[0] as { id: bigint }).id;
}

async function bringForward(
  client: pg.ClientBase,
  { requestId, bagId }: CaughtUp,
  linked: readonly RebuiltFile[],
  behind: readonly Behind[],
): Promise<void> {
  const keyOf = ({ root, path }: { readonly root: string; readonly path: Buffer }): string =>
    `${root}/${path.toString('latin1')}`;
  const rows = new Map(behind.map((row) => [keyOf(row), row.id]));
  const files = linked.filter((file) => rows.has(keyOf(file)));
  const isHeld = files.map((file) => file.state === 'linked' && file.heldAs === rows.get(keyOf(file)));
  const unheld = ({ identity }: RebuiltFile): string =>
    formatIdentity({ ...identity, dev: 0n, ino: 0n, ctimeNs: 0n, links: 1 });
  // A copy that is recorded here counts as proven only once it was read again.
  await client.query(
    `UPDATE file f SET request_id = $1, bag_id = $2, state = CASE WHEN d.held THEN 'linked' ELSE 'released' END, stuck_from = NULL,
       code = CASE WHEN d.elsewhere THEN 'HELD_NOT_KNOWN' END,
       reason = CASE WHEN d.elsewhere THEN 'its original is held under another number' END,
       size = d.size, identity = d.identity, digests = d.digests::jsonb, copy_version = d.version, copy_fault = d.fault,
       copy_digest = NULL, copy_read = NULL, copy_checked_at = NULL, copy_attempts = 0,
       linked_at = now(), released_at = CASE WHEN NOT d.held THEN now() END
     FROM unnest($3::bigint[], $4::boolean[], $5::boolean[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[])
       AS d(id, held, elsewhere, size, identity, digests, version, fault)
     WHERE f.id = d.id`,
    [
      requestId,
      bagId,
      files.map((file) => rows.get(keyOf(file))),
      isHeld,
      files.map((file, at) => file.state === 'linked' && !isHeld[at]),
      files.map(({ identity }) => identity.size),
      files.map((file, at) => (isHeld[at] ? formatIdentity(file.identity) : unheld(file))),
      files.map(({ digests }) => JSON.stringify(digests)),
      files.map(({ copyVersion }) => copyVersion),
      files.map(({ copyFault }) => copyFault),
    ],
  );
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
    `SELECT NOT EXISTS (SELECT FROM file f WHERE f.root = mine.root AND f.path = mine.path AND (f.bag_id = $3 OR ${before})) AS missing
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
  bag: RebuiltBag,
): Promise<void> {
  await client.query(`UPDATE bag SET state = ${leastState} WHERE id = $1`, [bagId]);
  await client.query(
    `UPDATE request SET state = 'Running' WHERE id = $1 AND state IN ('New', 'Approved', 'Declined')`,
    [requestId],
  );
  await syncRequest(client, requestId, [...new Set(bag.files.map(({ fileset }) => fileset))]);
  await client.query(
    `UPDATE request r SET state = 'Finished' WHERE r.id = ANY($1) AND r.state IN ('New', 'Approved')
       AND NOT EXISTS (SELECT FROM file f WHERE f.request_id = r.id AND f.phase <> 'skipped')`,
    [others],
  );
}
