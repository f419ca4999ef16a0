import type pg from 'pg';
import { NotYet } from '@coldroom/domain';
import { lockRequests } from '../db/connection';
import { leastState } from '../transitions/bag-state';
import { markDueNow, syncRequest } from '../transitions/sync-request';
import type { Selection } from './targets';

/** Files locked against all other processes, by a condition that uses $1 and $2, with their requests and bags. */
export interface Scope {
  readonly files: string;
  readonly values: unknown[];
  readonly requests: readonly bigint[];
  readonly bags: readonly bigint[];
}

/**
 * Locks the requests and bags of these files. Fails if a worker holds one of the bags; none can claim one before the
 * commit.
 */
export async function take(client: pg.ClientBase, { files, named }: Selection): Promise<Scope> {
  const { rows: requests } = await client.query<{ id: bigint }>(
    `SELECT DISTINCT f.request_id AS id FROM file f WHERE f.bag_id IS NOT NULL AND ${files}`,
    [named],
  );
  const ids = requests.map((row) => row.id);
  await lockRequests(client, ids);
  const values = [named, ids];
  const mine = `f.bag_id IS NOT NULL AND f.request_id = ANY($2) AND ${files}`;
  const { rows: bags } = await client.query<{ id: bigint; name: string; busy: boolean; claimed_by: string }>(
    `SELECT id, name, claimed_by, coalesce(lease_until > now(), false) AS busy FROM bag
     WHERE id IN (SELECT f.bag_id FROM file f WHERE ${mine}) ORDER BY id FOR UPDATE`,
    values,
  );
  const busy = bags.find((row) => row.busy);
  if (busy)
    throw new NotYet('BAG_BUSY', `Bag ${busy.name} is being worked on by ${busy.claimed_by}; try again in a moment`);
  return { files: mine, values, requests: ids, bags: bags.map((row) => row.id) };
}

/** Makes bags and requests consistent with their files. A bag that only holds originals keeps its time of release. */
export async function syncBagsAndRequests(
  client: pg.ClientBase,
  { requests, bags }: Pick<Scope, 'requests' | 'bags'>,
): Promise<void> {
  await client.query(
    `UPDATE bag SET (files, bytes) = (SELECT count(*), coalesce(sum(f.size), 0) FROM file f WHERE f.bag_id = bag.id),
       state = ${leastState}, not_before = CASE WHEN ${leastState} IN ('linked', 'recalled') THEN not_before ELSE now() END,
       attempts = 0, waiting_since = NULL, claimed_by = NULL, lease_until = NULL, fence = fence + 1
     WHERE id = ANY($1)`,
    [bags],
  );
  const { rows } = await client.query<{ request_id: bigint; filesets: string[] }>(
    `SELECT r.id AS request_id, ARRAY(SELECT DISTINCT f.fileset FROM bag b JOIN file f ON f.bag_id = b.id WHERE b.request_id = r.id AND b.id = ANY($2)) AS filesets
     FROM unnest($1::bigint[]) AS r(id)`,
    [requests, bags],
  );
  for (const row of rows) {
    await markDueNow(client, row.request_id, row.filesets, null);
    await syncRequest(client, row.request_id, row.filesets);
  }
}
