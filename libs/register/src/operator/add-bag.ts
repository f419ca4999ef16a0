import type pg from 'pg';
import { lockRequests } from '../db/connection';
import { leastState } from '../transitions/bag-state';
import type { RebuiltBag } from './rebuilt-bag';
import { addFiles, addImages, giveWay } from './rebuilt-files';
import { requestOf } from './rebuilt-request';

/**
 * The result for a bag: `known` if the register has it already, `later` if its request must wait until all numbered
 * requests have their numbers.
 */
export type RebuildAnswer = 'known' | 'later' | { readonly requestId: bigint };

/** See `Rebuild.add`. */
export async function addBag(
  client: pg.ClientBase,
  bag: RebuiltBag,
  by: string,
  last: boolean,
): Promise<RebuildAnswer> {
  const { rowCount } = await client.query('SELECT FROM bag WHERE name = $1', [bag.name]);
  if (rowCount) return 'known';
  const requestId = await requestOf(client, bag, by, last);
  if (requestId === undefined) return 'later';
  await lockRequests(client, [requestId]);
  const {
    rows: [made],
  } = await client.query<{ id: bigint }>(
    `INSERT INTO bag (request_id, name, store, state, files, bytes, created_at, sealed_at) VALUES ($1, $2, $3, 'done', $4, $5, $6, $6) RETURNING id`,
    [
      requestId,
      bag.name,
      bag.store,
      bag.files.length,
      bag.files.reduce((sum, file) => sum + file.identity.size, 0n),
      bag.date,
    ],
  );
  const bagId = (made as { id: bigint }).id;
  await giveWay(client, bag);
  await addFiles(client, requestId, bagId, bag);
  await client.query(`UPDATE bag SET state = ${leastState} WHERE id = $1`, [bagId]);
  await addImages(client, requestId, bagId, bag);
  await recordRebuild(client, requestId, bagId, by);
  return { requestId };
}

/** The event of a bag that came back, and those of its files that need attention. */
export async function recordRebuild(
  client: pg.ClientBase,
  requestId: bigint,
  bagId: bigint,
  by: string,
): Promise<void> {
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, what, to_state, detail)
     SELECT $1, $2, $3, 'rebuild', state, jsonb_build_object('files', count(*)) FROM file WHERE bag_id = $3 GROUP BY state`,
    [by, requestId, bagId],
  );
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, file_id, what, to_state, code, detail)
     SELECT $1, $2, $3, id, 'rebuild', state, coalesce(code, copy_fault), jsonb_build_object('reason', reason, 'copy', copy_fault)
     FROM file WHERE bag_id = $3 AND (code IS NOT NULL OR copy_fault IS NOT NULL)`,
    [by, requestId, bagId],
  );
}
