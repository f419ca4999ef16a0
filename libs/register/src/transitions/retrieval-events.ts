import type pg from 'pg';
import type { Retrieval } from '@coldroom/domain';
import type { Transition } from './transition';

/**
 * The events of a retrieval: one for what one person requested back at once, of one request, and one when it ends. They
 * contain everything needed to send mail to the requester and to administrators. Each file records the event by which
 * it was last requested back.
 */
export const told = { asked: 'retrieval asked', done: 'retrieval done', blocked: 'retrieval blocked' } as const;

const onItsWay = `f.phase IN ('retrieving', 'undoing') AND f.stuck_from IS NULL`;
const stuckOnIt = `coalesce(f.stuck_from IN ('retrieving', 'online', 'fetched', 'fetchVerified', 'undoing'), false)`;
const amount = `'files', count(*), 'bytes', sum(f.size), 'filesets', count(DISTINCT f.fileset),
  'images', (SELECT count(*) FROM request_image i WHERE i.request_id = f.request_id AND i.fileset = ANY(array_agg(DISTINCT f.fileset)))`;

/**
 * Reserved numbers for the events that will record what is requested back of these requests; `recordRequested` writes those
 * that are needed.
 */
export async function reserveEventIds(client: pg.ClientBase, requests: readonly bigint[]): Promise<readonly bigint[]> {
  const { rows } = await client.query<{ id: bigint }>(
    `SELECT nextval(pg_get_serial_sequence('event', 'id')) AS id FROM unnest($1::bigint[])`,
    [requests],
  );
  return rows.map((row) => row.id);
}

/** Returns those of the numbers that are used: the ids of the new retrievals. */
export async function recordRequested(
  client: pg.ClientBase,
  numbers: readonly bigint[],
  { way, days }: { readonly way: Retrieval; readonly days: number },
  by: string,
): Promise<readonly bigint[]> {
  const { rows } = await client.query<{ id: bigint }>(
    `INSERT INTO event (id, actor, request_id, what, detail) OVERRIDING SYSTEM VALUE
     SELECT f.retrieval_event, $2, f.request_id, '${told.asked}', jsonb_build_object('way', $3::text, ${amount}) || CASE WHEN $3 = 'recall' THEN jsonb_build_object('days', $4::int) ELSE '{}' END
     FROM file f WHERE f.retrieval_event = ANY($1) GROUP BY f.retrieval_event, f.request_id
     RETURNING id`,
    [numbers, by, way, days],
  );
  return rows.map((row) => row.id);
}

const ends: readonly Transition['to'][] = ['fetchVerified', 'restored', 'recalled', 'undone', 'stuck'];

/**
 * Must be called in the transaction of these transitions, under the lock of their request: the last transition of a
 * retrieval ends it.
 */
export async function recordWhereEnded(
  client: pg.ClientBase,
  requestId: bigint,
  transitions: readonly Transition[],
  actor: string,
): Promise<void> {
  const last = transitions.filter(({ from, to }) => ends.includes(to) && from !== 'recalled').map(({ id }) => id);
  if (last.length === 0) return;
  const { rows } = await client.query<{ id: bigint }>(
    'SELECT DISTINCT retrieval_event AS id FROM file WHERE id = ANY($1) AND retrieval_event IS NOT NULL',
    [last],
  );
  await recordEnded(
    client,
    requestId,
    rows.map((row) => row.id),
    actor,
  );
}

/**
 * Records the end of those of these retrievals on which nothing continues by itself: all is there, or the rest waits
 * for a person. Proven files of a fileset that has a stuck file wait with it.
 */
export async function recordEnded(
  client: pg.ClientBase,
  requestId: bigint,
  asked: readonly bigint[],
  actor: string,
): Promise<void> {
  if (asked.length === 0) return;
  await client.query(
    `WITH ended AS MATERIALIZED (
       SELECT e.id, e.at, e.actor, e.detail->'way' AS way, e.detail->'days' AS days FROM event e WHERE e.id = ANY($2)
         AND NOT coalesce((SELECT true FROM file f WHERE f.retrieval_event = e.id AND ${onItsWay} LIMIT 1), false)
         AND NOT coalesce((SELECT true FROM file f WHERE f.retrieval_event = e.id AND f.phase = 'fetchVerified'
           AND f.fileset NOT IN (SELECT s.fileset FROM file s WHERE s.request_id = $1 AND s.stuck_from IS NOT NULL) LIMIT 1), false)
     ), outcome AS (
       SELECT ended.id, bool_or(${stuckOnIt}) AS "blocked", jsonb_strip_nulls(jsonb_build_object('way', ended.way, 'by', ended.actor, 'asked', ended.at, 'days', ended.days, ${amount})) AS detail,
         jsonb_build_object('stuck', count(*) FILTER (WHERE ${stuckOnIt}), 'waiting', count(*) FILTER (WHERE f.phase = 'fetchVerified'),
           'codes', array_agg(DISTINCT f.code) FILTER (WHERE ${stuckOnIt})) AS trouble
       FROM ended JOIN file f ON f.retrieval_event = ended.id GROUP BY ended.id, ended.at, ended.actor, ended.way, ended.days, f.request_id)
     INSERT INTO event (actor, request_id, what, detail)
     SELECT $3, $1, CASE WHEN "blocked" THEN '${told.blocked}' ELSE '${told.done}' END, detail || CASE WHEN "blocked" THEN trouble ELSE '{}' END FROM outcome ORDER BY id`,
    [requestId, asked, actor],
  );
}
