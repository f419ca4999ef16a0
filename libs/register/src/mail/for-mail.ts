import type pg from 'pg';
import { summariesOf, type RequestSummary } from '../requests/summaries';

/** Recalled copies of one request back that go offline soon. */
export interface EndingRecall {
  /** The event by which they were requested back. */
  readonly event: bigint;
  readonly requestId: bigint;
  /** The login that requested them. */
  readonly by: string;
  readonly until: Date;
  readonly files: number;
  readonly bytes: bigint;
  readonly images: number;
}

/** Requests that wait for a decision. */
export interface WaitingRequests {
  readonly requests: number;
  readonly images: number;
  readonly bytes: bigint;
  /** The newest ones. */
  readonly shown: readonly RequestSummary[];
}

/** The event of a reminder and its end are its reason: a recall that was prolonged later ends at another time. */
export const recallEndsTemplate = 'recall-ends';

/** What mails say that no other part of Coldroom asks for. */
export class MailFacts {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Recalls that end within this time, were longer than it, and of whose end no mail was queued within the last days:
   * the bags of one recall end one after the other.
   */
  async endingRecalls(withinMs: number): Promise<readonly EndingRecall[]> {
    const { rows } = await this.pool.query<EndingRecall>(
      `SELECT f.retrieval_event AS event, f.request_id AS "requestId", f.retrieval_requested_by AS by, min(f.online_until) AS until,
         count(*)::int AS files, sum(f.size)::bigint AS bytes,
         (SELECT count(*)::int FROM request_image i WHERE i.request_id = f.request_id AND i.fileset = ANY(array_agg(DISTINCT f.fileset))) AS images
       FROM file f WHERE f.phase = 'recalled' AND f.online_until BETWEEN now() AND now() + $1 * interval '1 ms'
         AND f.online_days * interval '1 day' > $1 * interval '1 ms' AND f.retrieval_requested_by IS NOT NULL AND f.retrieval_event IS NOT NULL
         AND NOT EXISTS (SELECT FROM mail m WHERE m.template = $2 AND m.created_at > now() - 1.5 * $1 * interval '1 ms'
           AND m.reason LIKE $2 || ':' || f.retrieval_event || ':%')
       GROUP BY f.retrieval_event, f.request_id, f.retrieval_requested_by ORDER BY f.retrieval_event LIMIT 500`,
      [withinMs, recallEndsTemplate],
    );
    return rows;
  }

  /** Those of these requests that no one has decided. */
  async waitingAmong(ids: readonly bigint[], shown: number): Promise<WaitingRequests> {
    const { rows } = await this.pool.query<Omit<WaitingRequests, 'shown'>>(
      `SELECT count(*)::int AS requests, coalesce(sum(r.images), 0)::int AS images,
         coalesce(sum((SELECT sum(t.bytes) FROM file_total t WHERE t.request_id = r.id AND t.state <> 'skipped')), 0)::bigint AS bytes
       FROM request r WHERE r.id = ANY($1) AND r.state = 'New' AND r.objections_until IS NULL`,
      [ids],
    );
    const first = `SELECT id FROM request WHERE id = ANY($1) AND state = 'New' AND objections_until IS NULL ORDER BY id DESC LIMIT $2`;
    return {
      ...(rows[0] as Omit<WaitingRequests, 'shown'>),
      shown: await summariesOf(this.pool, first, [ids, shown]),
    };
  }
}
