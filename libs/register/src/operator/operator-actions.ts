import type pg from 'pg';
import { movingStates, NotYet, packBags, retryState, unseen, type FileState, type Packable } from '@coldroom/domain';
import { lockRequests, transaction } from '../db/connection';
import { leastState } from '../transitions/bag-state';
import { markDueNow, syncRequest } from '../transitions/sync-request';
import { packOne } from '../requests/pack';

/** What a person names: whole requests, images, filesets or single files. */
export type Target =
  | { readonly kind: 'Request' | 'Image' | 'File'; readonly ids: readonly bigint[] }
  | { readonly kind: 'Fileset'; readonly names: readonly string[] };

export interface UndoResult {
  /** Files that the linker will put back. */
  readonly undoing: number;
  /** Files whose original had not been touched: given up as they were. */
  readonly abandoned: number;
  /** Files whose original is no longer held; only a restore brings them back. */
  readonly released: number;
}

/** What people can do to files that are in progress. */
export class OperatorActions {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Undoes an archive run, whole filesets at a time: held originals are put back, also for files that are online or
   * being retrieved, and files not linked yet are given up. If a worker holds one of the bags now, it throws `NotYet`
   * `BAG_BUSY` and nothing is changed.
   */
  async undo(target: Target, by: string): Promise<UndoResult> {
    return transaction(this.pool, async (client) => {
      const scope = await take(client, filesetsOf(target));
      const counts = await turnBack(
        client,
        scope,
        { from: ['sealed', 'linked', ...retrievingStates, 'recalled', 'stuck'], not: movingStates },
        by,
        'undo',
      );
      const {
        rows: [row],
      } = await client.query<{ released: number }>(
        `SELECT count(*)::int AS released FROM file f WHERE ${scope.files} AND f.released_at IS NOT NULL AND coalesce(f.stuck_from, f.state) = ANY($3)`,
        [...scope.values, ['linked', 'released', ...retrievingStates, 'recalled']],
      );
      await syncBagsAndRequests(client, scope);
      return { ...counts, released: row?.released ?? 0 };
    });
  }

  /**
   * Retries stuck files: from the start and in a new bag if their bag was open, otherwise from where they were. Returns
   * how many.
   */
  async retry(target: Target, bagName: (nr: number) => string, by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const scope = await take(client, stuckOf(target));
      const there = await resume(client, scope, by);
      const { rows: again } = await client.query<Packable & { request_id: bigint; store: string }>(
        `SELECT f.id, f.fileset, f.size, f.request_id, b.store FROM file f JOIN bag b ON b.id = f.bag_id
         WHERE ${scope.files} AND f.stuck_from IS NOT NULL ORDER BY f.fileset, f.path`,
        scope.values,
      );
      let nr = 0;
      for (const group of Map.groupBy(again, (file) => `${file.request_id} ${file.store}`).values()) {
        const { request_id: requestId, store } = group[0] as (typeof again)[number];
        for await (const bag of packBags(each(group))) {
          nr += 1;
          const name = bagName(nr);
          await packOne(client, { requestId, store, name, files: bag.files, identity: unseen });
          await client.query(
            `INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
             SELECT $1, request_id, id, 'retry', 'stuck', 'approved', jsonb_build_object('files', files) FROM bag WHERE name = $2`,
            [by, name],
          );
        }
      }
      await syncBagsAndRequests(client, scope);
      return again.length + there;
    });
  }

  /**
   * Gives up stuck files for good, each with its fileset as far as it is not linked. The originals stay as they are.
   */
  async abandon(target: Target, by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const stuck = stuckOf(target);
      const scope = await take(client, {
        ...stuck,
        files: `(f.request_id, f.fileset) IN (SELECT f.request_id, f.fileset FROM file f WHERE ${stuck.files})`,
      });
      const counts = await turnBack(
        client,
        scope,
        { from: ['sealed', 'stuck'], not: [...retrievingStates, 'recalled', ...movingStates] },
        by,
        'abandon',
      );
      await syncBagsAndRequests(client, scope);
      return counts.undoing + counts.abandoned;
    });
  }
}

const early: readonly FileState[] = ['approved', 'hashed', 'copied', 'verified'];
/**
 * A file in one of these states, or stuck from one, may be linked on disk by a worker that died before it could record
 * that: the linker checks.
 */
const resumable: readonly FileState[] = ['sealed', 'linked', 'undoing'];
/**
 * A file in one of these states, or stuck from one, has its link in place: it stays archived when its retrieval is
 * cancelled.
 */
export const retrievingStates: readonly FileState[] = ['retrieving', 'online', 'fetched', 'fetchVerified'];

/** A condition on `file f` in which $1 is what was named. */
export interface Selection {
  readonly files: string;
  readonly named: readonly bigint[] | readonly string[];
}

/** Files locked against all other processes, by a condition that uses $1 and $2, with their requests and bags. */
export interface Scope {
  readonly files: string;
  readonly values: unknown[];
  readonly requests: readonly bigint[];
  readonly bags: readonly bigint[];
}

export function filesetsOf(target: Target): Selection {
  const files = {
    Request: 'f.request_id = ANY($1)',
    Image: '(f.request_id, f.fileset) IN (SELECT request_id, fileset FROM request_image WHERE image_id = ANY($1))',
    Fileset:
      '(f.request_id, f.fileset) IN (SELECT request.id, named FROM request CROSS JOIN unnest($1::text[]) AS named)',
    File: '(f.request_id, f.fileset) IN (SELECT request_id, fileset FROM file WHERE id = ANY($1))',
  }[target.kind];
  return { files, named: target.kind === 'Fileset' ? target.names : target.ids };
}

function stuckOf(target: Target): Selection {
  const { files, named } = filesetsOf(target);
  return { files: `f.stuck_from IS NOT NULL AND ${target.kind === 'File' ? 'f.id = ANY($1)' : files}`, named };
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

/**
 * Of the files in early states or in `from`: gives up those that were not touched, and hands to the linker those that
 * were or may have been. Excludes files in or stuck from `not`, and files whose original is no longer held.
 */
async function turnBack(
  client: pg.ClientBase,
  scope: Scope,
  { from, not }: { readonly from: readonly FileState[]; readonly not: readonly FileState[] },
  by: string,
  what: string,
): Promise<{ readonly undoing: number; readonly abandoned: number }> {
  const { rows } = await client.query<{ undoing: number; abandoned: number }>(
    `WITH old AS (
       SELECT f.id, f.request_id, f.bag_id, f.state,
         CASE WHEN coalesce(f.stuck_from, f.state) = ANY($3) THEN 'undoing' ELSE 'abandoned' END AS to_state
       FROM file f WHERE ${scope.files} AND f.state = ANY($4) AND coalesce(f.stuck_from, f.state) <> ALL($7) AND f.released_at IS NULL
     ), moved AS (
       UPDATE file f SET state = to_state, stuck_from = NULL, retrieval_event = CASE WHEN coalesce(f.stuck_from, f.state) = ANY($8) THEN f.retrieval_event END,
         code = CASE WHEN to_state = 'abandoned' THEN code END, reason = CASE WHEN to_state = 'abandoned' THEN reason END
       FROM old WHERE f.id = old.id
     ), told AS (
       INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
       SELECT $5, request_id, bag_id, $6, state, to_state, jsonb_build_object('files', count(*)) FROM old GROUP BY request_id, bag_id, state, to_state)
     SELECT count(*) FILTER (WHERE to_state = 'undoing')::int AS undoing, count(*) FILTER (WHERE to_state = 'abandoned')::int AS abandoned FROM old`,
    [
      ...scope.values,
      [...resumable, ...retrievingStates, 'recalled'],
      [...early, ...from],
      by,
      what,
      not,
      ['undoing', ...retrievingStates],
    ],
  );
  return rows[0] as (typeof rows)[number];
}

/** Resumes stuck files that may be linked on disk from where they were. Returns how many. */
async function resume(client: pg.ClientBase, scope: Scope, by: string): Promise<number> {
  const { rows } = await client.query<{ files: number }>(
    `WITH moved AS (
       UPDATE file f SET state = CASE WHEN stuck_from = ANY($5) THEN 'retrieving' WHEN stuck_from = ANY($6) THEN 'moving' ELSE stuck_from END, stuck_from = NULL, code = NULL, reason = NULL, copy_attempts = 0
       WHERE ${scope.files} AND f.stuck_from = ANY($3) RETURNING f.request_id, f.bag_id, f.state
     ), told AS (
       INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
       SELECT $4, request_id, bag_id, 'retry', 'stuck', state, jsonb_build_object('files', count(*)) FROM moved GROUP BY request_id, bag_id, state)
     SELECT count(*)::int AS files FROM moved`,
    [
      ...scope.values,
      [...resumable, ...retrievingStates, 'recalled', ...movingStates],
      by,
      retrievingStates.filter((state) => retryState(state) === 'retrieving'),
      movingStates.filter((state) => retryState(state) === 'moving'),
    ],
  );
  return (rows[0] as (typeof rows)[number]).files;
}

/** Makes bags and requests consistent with their files. A bag that only holds originals keeps its time of release. */
export async function syncBagsAndRequests(client: pg.ClientBase, { requests, bags }: Scope): Promise<void> {
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

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
