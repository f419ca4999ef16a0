import type pg from 'pg';
import { Refused } from '@coldroom/domain';
import { writeImportEvent } from './events';
import type { ImportClaim } from './import-claims';

type Client = Pick<pg.Pool, 'query'>;

/**
 * The order that stands for the content of a set: another one of the same person for the same files needs the option
 * `again`. Of a cancelled one, OMERO has filesets: it would have them twice.
 */
export interface Standing {
  readonly id: bigint;
  readonly state: string;
  /** What OMERO keeps of a cancelled one, the first of them. */
  readonly kept: readonly bigint[];
}

const shownFilesets = 20;
const keptFilesets = `SELECT unnest(o.unclear_filesets) AS id
  UNION SELECT f.fileset_id FROM import_fileset f WHERE f.order_id = o.id AND f.fileset_id IS NOT NULL`;

export async function standingFor(
  client: Client,
  { order }: ImportClaim,
  content: string,
): Promise<Standing | undefined> {
  const { rows } = await client.query<Standing>(
    `SELECT o.id, o.state, ARRAY(${keptFilesets} ORDER BY id LIMIT ${shownFilesets}) AS kept FROM import_order o
     WHERE o.person_id = $1 AND o.source = $2 AND o.content = $3 AND o.id <> $4
       AND (o.state <> 'cancelled' OR EXISTS (${keptFilesets})) ORDER BY o.id DESC LIMIT 1`,
    [order.personId, order.source, content, order.id],
  );
  return rows[0];
}

/** What OMERO has of an order, complete or not, the first filesets of it. */
export async function keptOf(client: Client, orderId: bigint): Promise<readonly bigint[]> {
  const { rows } = await client.query<{ id: bigint }>(
    `SELECT k.id FROM import_order o CROSS JOIN LATERAL (${keptFilesets}) k WHERE o.id = $1 ORDER BY k.id LIMIT ${shownFilesets}`,
    [orderId],
  );
  return rows.map(({ id }) => id);
}

/**
 * In the transaction that settles an order: it stands for this content from then on, in place of the one that did. If it
 * was settled before with another content, the earlier order stands for that again.
 */
export async function standFor(client: pg.PoolClient, claim: ImportClaim, content: string): Promise<void> {
  const { order, worker } = claim;
  const {
    rows: [before],
  } = await client.query<{ content: string | null }>('SELECT content FROM import_order WHERE id = $1', [order.id]);
  await client.query('UPDATE import_order SET content = NULL WHERE id = $1', [order.id]);
  await restoreEarlier(client, order.id, before!.content, worker);
  const earlier = await standingFor(client, claim, content);
  if (!earlier) return;
  if (!['done', 'emptied', 'cancelled'].includes(earlier.state) || order.options.again !== true)
    throw new Refused('ALREADY_IMPORTED', `import ${earlier.id} is importing the same files`);
  await client.query('UPDATE import_order SET content = NULL WHERE id = $1', [earlier.id]);
  await client.query('UPDATE import_order SET again_of = $2 WHERE id = $1', [order.id, earlier.id]);
  const detail = { by: String(order.id) };
  await writeImportEvent(client, { importId: earlier.id, actor: worker, what: 'imported again', detail });
}

/** In the transaction that cancels an order: if OMERO has nothing of it, the earlier order stands for the content again. */
export async function noLongerStands(client: pg.PoolClient, orderId: bigint, actor: string): Promise<void> {
  if ((await keptOf(client, orderId)).length > 0) return;
  const { rows } = await client.query<{ content: string | null }>('SELECT content FROM import_order WHERE id = $1', [
    orderId,
  ]);
  await restoreEarlier(client, orderId, rows[0]!.content, actor);
}

async function restoreEarlier(
  client: pg.PoolClient,
  orderId: bigint,
  content: string | null,
  actor: string,
): Promise<void> {
  const { rows } = await client.query<{ id: bigint }>(
    `UPDATE import_order e SET content = $2 FROM import_order o
     WHERE o.id = $1 AND e.id = o.again_of AND e.content IS NULL RETURNING e.id`,
    [orderId, content],
  );
  await client.query('UPDATE import_order SET again_of = NULL WHERE id = $1 AND again_of IS NOT NULL', [orderId]);
  const detail = { by: String(orderId) };
  for (const { id } of rows)
    await writeImportEvent(client, { importId: id, actor, what: 'not imported again', detail });
}
