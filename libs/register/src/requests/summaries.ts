import type pg from 'pg';
import type { RequestState } from '@coldroom/domain';

/** What a request contains, by the totals that are kept with it. */
export interface RequestSummary {
  readonly id: bigint;
  readonly state: RequestState;
  /** Changes with the request's content and state; see `decide`. */
  readonly revision: number;
  readonly ownerId: bigint;
  readonly owner: string;
  readonly groupId: bigint;
  readonly group: string;
  readonly requesterId: bigint;
  readonly requester: string;
  readonly createdAt: Date;
  readonly decidedBy: string | null;
  readonly reason: string | null;
  /** The store named for it, or null. */
  readonly store: string | null;
  /** The policy that proposed it, by its title; null for a request of a person. */
  readonly policyTitle: string | null;
  /** Until when its owner can object to what a policy proposed; null afterwards. */
  readonly objectionsUntil: Date | null;
  readonly images: number;
  readonly markedImages: number;
  readonly filesets: number;
  readonly files: number;
  readonly bytes: bigint;
  readonly skipped: number;
  readonly stuck: number;
  readonly linked: number;
}

/** What requests contain together; files and bytes without those that are skipped. */
export interface RequestTotals {
  readonly requests: number;
  readonly images: number;
  readonly files: number;
  readonly bytes: bigint;
}

export async function totalsOf(pool: pg.Pool, ids: string, values: readonly unknown[]): Promise<RequestTotals> {
  const { rows } = await pool.query<RequestTotals>(
    `WITH chosen AS MATERIALIZED (${ids})
     SELECT count(*)::int AS requests, coalesce(sum(r.images), 0)::int AS images,
       coalesce(sum(t.files), 0)::int AS files, coalesce(sum(t.bytes), 0)::bigint AS bytes
     FROM chosen JOIN request r USING (id) LEFT JOIN (
       SELECT request_id, sum(files) AS files, sum(bytes) AS bytes FROM file_total
       WHERE state <> 'skipped' AND request_id IN (SELECT id FROM chosen) GROUP BY request_id) t ON t.request_id = r.id`,
    [...values],
  );
  return rows[0] as RequestTotals;
}

/** The requests with the numbers that `ids` selects, in that order. */
export async function summariesOf(
  pool: pg.Pool,
  ids: string,
  values: readonly unknown[],
): Promise<readonly RequestSummary[]> {
  const { rows } = await pool.query(
    `SELECT r.*, t.* FROM unnest(ARRAY(${ids})) WITH ORDINALITY AS chosen(id, place) JOIN request r USING (id) CROSS JOIN LATERAL (
       SELECT coalesce(sum(files) FILTER (WHERE state <> 'skipped'), 0)::int AS files,
         coalesce(sum(bytes) FILTER (WHERE state <> 'skipped'), 0)::bigint AS bytes,
         coalesce(sum(files) FILTER (WHERE state = 'skipped'), 0)::int AS skipped,
         coalesce(sum(files) FILTER (WHERE state = 'stuck'), 0)::int AS stuck,
         coalesce(sum(files) FILTER (WHERE phase IN ('linked', 'recalled', 'retrieving', 'fetchVerified', 'moving')), 0)::int AS linked
       FROM file_total WHERE request_id = r.id) t
     ORDER BY chosen.place`,
    [...values],
  );
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    revision: row.revision,
    ownerId: row.owner_id,
    owner: row.owner,
    groupId: row.group_id,
    group: row.group_name,
    requesterId: row.requester_id,
    requester: row.requester,
    createdAt: row.created_at,
    decidedBy: row.decided_by,
    reason: row.reason,
    store: row.store,
    policyTitle: row.policy_title,
    objectionsUntil: row.objections_until,
    images: row.images,
    markedImages: row.marked,
    filesets: row.filesets,
    files: row.files,
    bytes: row.bytes,
    skipped: row.skipped,
    stuck: row.stuck,
    linked: row.linked,
  }));
}
