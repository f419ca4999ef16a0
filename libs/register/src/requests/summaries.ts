import type pg from 'pg';
import type { RequestState } from '@coldroom/domain';

/** What a request contains: counted from its files, never stored separately. */
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
  readonly images: number;
  readonly markedImages: number;
  readonly filesets: number;
  readonly files: number;
  readonly bytes: bigint;
  readonly skipped: number;
  readonly stuck: number;
  readonly linked: number;
}

/** Requests `r` that meet a condition, in which $1 is `value`. */
export async function summariesOf(
  pool: pg.Pool,
  condition: string,
  value: unknown,
): Promise<readonly RequestSummary[]> {
  const { rows } = await pool.query(
    `SELECT r.*, i.images, i.marked, i.filesets, f.files, f.bytes, f.skipped, f.stuck, f.linked FROM request r
     CROSS JOIN LATERAL (SELECT count(*)::int AS images, count(*) FILTER (WHERE marked)::int AS marked, count(DISTINCT fileset)::int AS filesets
       FROM request_image WHERE request_id = r.id) i
     CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state <> 'skipped')::int AS files,
         coalesce(sum(size) FILTER (WHERE state <> 'skipped'), 0)::bigint AS bytes,
         count(*) FILTER (WHERE state = 'skipped')::int AS skipped, count(*) FILTER (WHERE state = 'stuck')::int AS stuck,
         count(*) FILTER (WHERE phase IN ('linked', 'recalled', 'retrieving', 'fetchVerified', 'moving'))::int AS linked
       FROM file WHERE request_id = r.id) f
     WHERE ${condition} ORDER BY r.id`,
    [value],
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
