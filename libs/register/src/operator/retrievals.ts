import type pg from 'pg';
import { crashPoint, type Retrieval } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { fetchRates, type FetchRate } from '../queries/fetch-rate';
import { recordEnded, recordRequested, reserveEventIds } from '../transitions/retrieval-events';
import { isArchived, isHeld, planRetrieval, type RetrievalPlan } from './retrieval-plan';
import { syncBagsAndRequests, take, type Scope } from './scope';
import { filesetsOf, type FilesetTarget } from './targets';
import { retrievingStates } from './turn-back';

export interface RetrievalOrder {
  readonly way: Retrieval;
  /** How many days a recalled copy stays online. */
  readonly days: number;
}

/** Retrieval: takes whole filesets out of the archive, either to their own paths or online for a while. */
export class Retrievals {
  constructor(private readonly pool: pg.Pool) {}

  /** What requesting these would mean; changes nothing. */
  async plan(target: FilesetTarget, way: Retrieval): Promise<RetrievalPlan> {
    return planRetrieval(this.pool, target, way);
  }

  /** How fast these stores have recently delivered; stores without data are left out. */
  async rates(stores: readonly string[]): Promise<readonly FetchRate[]> {
    return fetchRates(this.pool, stores);
  }

  /**
   * Requests whole filesets back. If all originals of a fileset are still held, a restore is an undo. Asking twice
   * changes nothing; a recall of recalled files prolongs them. If a worker holds one of the bags now, it throws
   * `NotYet` `BAG_BUSY`.
   * @returns how many files are to be fetched, are to be put back from where they are held, and were prolonged; and the
   *   ids of the retrievals that this began, one a request
   */
  async ask(
    target: FilesetTarget,
    { way, days }: RetrievalOrder,
    by: string,
  ): Promise<{
    readonly asked: number;
    readonly undoing: number;
    readonly prolonged: number;
    readonly retrievals: readonly bigint[];
  }> {
    const begun = await transaction(this.pool, async (client) => {
      const scope = await take(client, filesetsOf(target));
      const prolonged = way === 'recall' ? await prolong(client, scope, days, by) : 0;
      const numbers = await reserveEventIds(client, scope.requests);
      const retrievalEvent =
        'retrieval_event = (SELECT asked.id FROM unnest($2::bigint[], $5::bigint[]) AS asked(request_id, id) WHERE asked.request_id = f.request_id)';
      const undoing =
        way === 'restore'
          ? await transitionAll(client, scope, {
              to: `'undoing'`,
              what: 'undo',
              by,
              set: `, ${retrievalEvent}`,
              more: [numbers],
              where: `f.state = 'linked'`,
              allOfFileset: `${isArchived} AND ${isHeld}`,
            })
          : 0;
      const from = way === 'recall' ? `('linked', 'released')` : `('linked', 'released', 'recalled')`;
      const asked = await transitionAll(client, scope, {
        to: `'retrieving'`,
        what: way,
        by,
        where: `f.state IN ${from}`,
        allOfFileset: isArchived,
        set: `, retrieval = '${way}', online_days = ${Math.trunc(days)}, retrieval_requested_by = $3, copy_attempts = 0, ${retrievalEvent}`,
        more: [numbers],
      });
      const retrievals = await recordRequested(client, numbers, { way, days }, by);
      await syncBagsAndRequests(client, scope);
      crashPoint('retrieve:1-written');
      return { asked, undoing, prolonged, retrievals };
    });
    crashPoint('retrieve:2-committed');
    return begun;
  }

  /** Of these images, those that are archived and not yet being retrieved. */
  async archivedAmong(imageIds: readonly bigint[]): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ image_id: bigint }>(
      `SELECT DISTINCT i.image_id FROM request_image i WHERE i.image_id = ANY($1) AND coalesce((SELECT true FROM file f
         WHERE f.request_id = i.request_id AND f.fileset = i.fileset AND f.phase IN ('linked', 'recalled') AND f.stuck_from IS NULL LIMIT 1), false)`,
      [imageIds],
    );
    return rows.map((row) => row.image_id);
  }

  /**
   * Cancels a retrieval that is not done: the links stay as they are. Returns how many files therefore stay archived.
   * The kind of retrieval and what was fetched stay recorded: the linker looks for what is left of it.
   */
  async cancel(target: FilesetTarget, by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const scope = await take(client, filesetsOf(target));
      const where = `coalesce(f.stuck_from, f.state) IN ('${retrievingStates.join("', '")}')`;
      const { rows: ways } = await client.query<{ request_id: bigint; asked: bigint[] }>(
        `SELECT f.request_id, array_agg(DISTINCT f.retrieval_event) AS asked FROM file f WHERE ${scope.files} AND ${where} AND f.retrieval_event IS NOT NULL GROUP BY f.request_id`,
        scope.values,
      );
      const cancelled = await transitionAll(client, scope, {
        to: `CASE WHEN f.online_until IS NULL THEN 'linked' ELSE 'recalled' END`,
        what: 'cancel',
        by,
        where,
        set: ', retrieval_event = NULL',
      });
      for (const { request_id: requestId, asked } of ways) await recordEnded(client, requestId, asked, by);
      await syncBagsAndRequests(client, scope);
      return cancelled;
    });
  }
}

async function prolong(client: pg.ClientBase, scope: Scope, days: number, by: string): Promise<number> {
  const {
    rows: [row],
  } = await client.query<{ files: number }>(
    `WITH prolonged AS (
       UPDATE file f SET online_until = greatest(online_until, now() + $3 * interval '1 day') WHERE ${scope.files} AND f.state = 'recalled' RETURNING f.request_id, f.bag_id
     ), recorded AS (
       INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
       SELECT $4, request_id, bag_id, 'prolong', 'recalled', 'recalled', jsonb_build_object('files', count(*), 'days', $3::int) FROM prolonged GROUP BY request_id, bag_id)
     SELECT count(*)::int AS files FROM prolonged`,
    [...scope.values, days, by],
  );
  return (row as NonNullable<typeof row>).files;
}

interface TransitionOfAll {
  readonly to: string;
  readonly what: string;
  readonly by: string;
  /** Which files change state, by their state before the statement. */
  readonly where: string;
  /** What must also hold for each file of their fileset. */
  readonly allOfFileset?: string;
  readonly set: string;
  readonly more?: readonly unknown[];
}

/**
 * Changes the state of the files of the scope that meet a condition, with one event per bag. Filesets are judged by a
 * window function, because PostgreSQL plans a join as nested loops until it has analyzed the table.
 */
async function transitionAll(
  client: pg.ClientBase,
  scope: Scope,
  { to, what, by, where, allOfFileset = 'true', set, more = [] }: TransitionOfAll,
): Promise<number> {
  const {
    rows: [row],
  } = await client.query<{ files: number }>(
    `WITH looked AS (
       SELECT f.id, f.request_id, f.bag_id, f.state, ${to} AS to_state, ${where} AS wanted, bool_and(${allOfFileset}) OVER (PARTITION BY f.request_id, f.fileset) AS whole
       FROM file f WHERE ${scope.files}
     ), old AS (SELECT * FROM looked WHERE wanted AND whole
     ), moved AS (
       UPDATE file f SET state = old.to_state, stuck_from = NULL, code = NULL, reason = NULL${set} FROM old WHERE f.id = old.id
     ), recorded AS (
       INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
       SELECT $3, request_id, bag_id, $4, state, to_state, jsonb_build_object('files', count(*)) FROM old GROUP BY request_id, bag_id, state, to_state)
     SELECT count(*)::int AS files FROM old`,
    [...scope.values, by, what, ...more],
  );
  return (row as NonNullable<typeof row>).files;
}
