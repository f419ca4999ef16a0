import type pg from 'pg';
import type { RebuiltBag } from './rebuilt-bag';

/**
 * The request of a bag, made if the register lacks it; undefined if the bag must wait until `last` is set; see
 * `Rebuild.add`.
 */
export async function requestOf(
  client: pg.ClientBase,
  bag: RebuiltBag,
  by: string,
  last: boolean,
): Promise<bigint | undefined> {
  const {
    rows: [known],
  } = await client.query<{ id: bigint }>(
    `SELECT r.id FROM request r WHERE r.owner = $1 AND r.group_name = $2 AND EXISTS (
       SELECT FROM event e WHERE e.request_id = r.id AND e.bag_id IS NULL AND e.what = 'rebuild' AND e.detail->>'number' IS NOT DISTINCT FROM $3)
     ORDER BY r.id LIMIT 1`,
    [bag.owner, bag.group, bag.requestNumber?.toString() ?? null],
  );
  if (bag.requestNumber !== null && known) return known.id;
  if (bag.requestNumber !== null) {
    const { rowCount } = await client.query('SELECT FROM request WHERE id = $1', [bag.requestNumber]);
    if (!rowCount) return makeRequest(client, bag, by, bag.requestNumber);
  }
  if (!last) return undefined;
  if (bag.requestNumber === null) {
    // A retry's bag: its request is the one that has more of the same filesets.
    const {
      rows: [related],
    } = await client.query<{ id: bigint }>(
      `SELECT r.id FROM request r WHERE r.owner = $1 AND r.group_name = $2 AND EXISTS (SELECT FROM file f WHERE f.request_id = r.id AND f.fileset = ANY($3))
       ORDER BY r.id LIMIT 1`,
      [bag.owner, bag.group, [...new Set(bag.files.map((file) => file.fileset))]],
    );
    const found = related ?? known;
    if (found) return found.id;
  }
  return makeRequest(client, bag, by, null);
}

async function makeRequest(client: pg.ClientBase, bag: RebuiltBag, by: string, id: bigint | null): Promise<bigint> {
  const {
    rows: [row],
  } = await client.query<{ id: bigint }>(
    `INSERT INTO request (id, state, owner_id, owner, group_id, group_name, requester_id, requester, created_at)
     OVERRIDING SYSTEM VALUE VALUES (coalesce($1, nextval(pg_get_serial_sequence('request', 'id'))), 'Finished', $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
    [id, bag.ownerId, bag.owner, bag.groupId, bag.group, bag.requesterId, bag.requester, bag.date],
  );
  const requestId = (row as { id: bigint }).id;
  if (id !== null) await advance(client, 'request', id);
  await client.query(
    `INSERT INTO event (actor, request_id, what, to_state, detail) VALUES ($1, $2, 'rebuild', 'Finished', jsonb_build_object('number', $3::text, 'bag', $4::text))`,
    [by, requestId, bag.requestNumber?.toString() ?? null, bag.name],
  );
  return requestId;
}

/** New rows of the table get numbers above this one. */
export async function advance(sql: Pick<pg.ClientBase, 'query'>, table: 'request' | 'file', id: bigint): Promise<void> {
  if (id < 1n) return;
  await sql.query(
    `SELECT setval(pg_get_serial_sequence($1, 'id'), greatest($2::bigint, (SELECT coalesce(max(id), 0) FROM ${table}), (SELECT last_value FROM ${table}_id_seq)))`,
    [table, id],
  );
}

/** Until the transaction ends: a rollback takes back the numbers that the table gives from now on. */
export async function restartable(client: pg.ClientBase, table: 'request' | 'file'): Promise<void> {
  const { rows } = await client.query<{ next: bigint }>(
    `SELECT last_value + is_called::int AS next FROM ${table}_id_seq`,
  );
  await client.query(`ALTER SEQUENCE ${table}_id_seq RESTART WITH ${rows[0]?.next}`);
}
