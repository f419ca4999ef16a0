import type pg from 'pg';
import { movingStates, retryState, type FileState } from '@coldroom/domain';
import type { Scope } from './scope';

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

export interface TurningBack {
  /** States besides the early ones. */
  readonly from: readonly FileState[];
  readonly not: readonly FileState[];
  readonly what: 'undo' | 'abandon';
  readonly by: string;
}

/**
 * Of the files in early states or in `from`: gives up those that were not touched, and hands to the linker those that
 * were or may have been. Excludes files in or stuck from `not`, and files whose original is no longer held.
 */
export async function turnBack(
  client: pg.ClientBase,
  scope: Scope,
  { from, not, what, by }: TurningBack,
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
     ), recorded AS (
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
export async function resume(client: pg.ClientBase, scope: Scope, by: string): Promise<number> {
  const { rows } = await client.query<{ files: number }>(
    `WITH moved AS (
       UPDATE file f SET state = CASE WHEN stuck_from = ANY($5) THEN 'retrieving' WHEN stuck_from = ANY($6) THEN 'moving' ELSE stuck_from END, stuck_from = NULL, code = NULL, reason = NULL, copy_attempts = 0
       WHERE ${scope.files} AND f.stuck_from = ANY($3) RETURNING f.request_id, f.bag_id, f.state
     ), recorded AS (
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
