import type pg from 'pg';
import { lockRequests } from '../db/connection';
import { moveToNewRequest } from '../requests/split';
import { syncRequest } from '../transitions/sync-request';

/**
 * Files that are in no bag of a request that was carried out since the backup: nothing would ever pack them. Whole
 * filesets become a New request, as the decision about them is lost; the rest of a fileset that was being linked gets
 * stuck. May be repeated. Returns the numbers of the new requests.
 */
export async function settleRest(
  sql: Pick<pg.ClientBase, 'query'>,
  transaction: <T>(work: (client: pg.ClientBase) => Promise<T>) => Promise<T>,
  by: string,
): Promise<readonly bigint[]> {
  const { rows } = await sql.query<{ id: bigint }>(
    `SELECT DISTINCT r.id FROM request r JOIN file f ON f.request_id = r.id
     WHERE r.state IN ('Running', 'Error', 'Finished') AND f.state = 'registered' ORDER BY r.id`,
  );
  const made: bigint[] = [];
  for (const { id } of rows) {
    const rest = await transaction((client) => settleOne(client, id, by));
    if (rest !== undefined) made.push(rest);
  }
  return made;
}

async function settleOne(client: pg.ClientBase, requestId: bigint, by: string): Promise<bigint | undefined> {
  await lockRequests(client, [requestId]);
  await client.query(
    `UPDATE file f SET state = 'stuck', stuck_from = 'approved', code = 'REGISTER_RESTORED', bag_id = linked.bag_id,
       reason = 'the rest of its fileset was linked after the backup from which the register was restored'
     FROM (SELECT DISTINCT ON (fileset) fileset, bag_id FROM file WHERE request_id = $1 AND bag_id IS NOT NULL AND phase <> 'skipped') linked
     WHERE f.request_id = $1 AND f.state = 'registered' AND f.fileset = linked.fileset`,
    [requestId],
  );
  const { rows: left } = await client.query<{ fileset: string }>(
    `SELECT DISTINCT fileset FROM file WHERE request_id = $1 AND state = 'registered'`,
    [requestId],
  );
  const filesets = left.map(({ fileset }) => fileset);
  const rest = left.length === 0 ? undefined : await moveToNewRequest(client, requestId, filesets, by);
  await syncRequest(client, requestId, []);
  return rest;
}
