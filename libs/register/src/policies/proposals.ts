import type pg from 'pg';
import { transaction } from '../db/connection';
import { recordRequestEvent } from '../requests/request-events';

/** A proposal whose owner can still object. */
export interface OpenProposal {
  readonly requestId: bigint;
  readonly revision: number;
}

/** What a rule proposed, by its name. */
export interface ProposalTotals {
  readonly policy: string;
  readonly objecting: number;
  readonly waiting: number;
  readonly declined: number;
  readonly approved: number;
}

/** Requests that policies propose. They are requests like all others; only no one can approve them while owners can object. */
export class Proposals {
  constructor(private readonly pool: pg.Pool) {}

  /** What this rule proposed in the last 24 hours, in bytes, whatever became of it. */
  async bytesToday(policy: string): Promise<bigint> {
    const { rows } = await this.pool.query<{ bytes: bigint }>(
      `SELECT coalesce(sum(t.bytes), 0)::bigint AS bytes FROM request r JOIN file_total t ON t.request_id = r.id
       WHERE r.policy = $1 AND r.created_at > now() - interval '1 day' AND t.state <> 'skipped'`,
      [policy],
    );
    return (rows[0] as { bytes: bigint }).bytes;
  }

  /**
   * Of these images, those that must not be proposed now, and why: a request has them, or within this many days a
   * policy proposed them, someone declined them, or someone retrieved them.
   */
  async notNow(imageIds: readonly bigint[], againDays: number): Promise<ReadonlyMap<bigint, string>> {
    const { rows } = await this.pool.query<{ image: bigint; why: string }>(
      `SELECT i.image_id AS image, max(CASE
         WHEN i.mark_wanted <> 'none' THEN 'it belongs to request ' || r.id
         WHEN r.policy IS NOT NULL AND r.created_at > now() - $2 * interval '1 day' THEN 'it was proposed in request ' || r.id || ' on ' || to_char(r.created_at, 'YYYY-MM-DD')
         WHEN r.state = 'Declined' AND r.decided_at > now() - $2 * interval '1 day' THEN 'request ' || r.id || ' with it was declined on ' || to_char(r.decided_at, 'YYYY-MM-DD')
         WHEN EXISTS (SELECT FROM file f JOIN event e ON e.id = f.retrieval_event
           WHERE f.request_id = r.id AND f.fileset = i.fileset AND f.phase = 'restored' AND e.at > now() - $2 * interval '1 day')
           THEN 'someone retrieved it from request ' || r.id END) AS why
       FROM request_image i JOIN request r ON r.id = i.request_id WHERE i.image_id = ANY($1) GROUP BY i.image_id`,
      [imageIds, againDays],
    );
    return new Map(rows.flatMap(({ image, why }) => (why === null ? [] : [[image, why]])));
  }

  /** Those to which owners can still object, by number. */
  async open(): Promise<readonly OpenProposal[]> {
    const { rows } = await this.pool.query<OpenProposal>(
      `SELECT id AS "requestId", revision FROM request WHERE state = 'New' AND objections_until IS NOT NULL ORDER BY id`,
    );
    return rows;
  }

  /** The images of a request with their filesets; one page after the other. */
  async images(
    requestId: bigint,
    after: bigint,
    limit: number,
  ): Promise<readonly { readonly imageId: bigint; readonly fileset: string }[]> {
    const { rows } = await this.pool.query<{ imageId: bigint; fileset: string }>(
      `SELECT image_id AS "imageId", fileset FROM request_image WHERE request_id = $1 AND image_id > $2 ORDER BY image_id LIMIT $3`,
      [requestId, after, limit],
    );
    return rows;
  }

  /** The time to object to these is over: data managers see them from now on. Returns how many there were. */
  async endObjections(by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const { rows } = await client.query<{ id: bigint }>(
        `UPDATE request SET objections_until = NULL, revision = revision + 1
         WHERE id IN (SELECT id FROM request WHERE state = 'New' AND objections_until <= now() ORDER BY id FOR UPDATE) RETURNING id`,
      );
      for (const { id } of rows)
        await recordRequestEvent(client, { requestId: id, what: 'objections over', from: 'New', to: 'New', by });
      return rows.length;
    });
  }

  /** By rule: how many requests owners can object to, wait for a decision, were declined, or approved. */
  async totals(): Promise<readonly ProposalTotals[]> {
    const { rows } = await this.pool.query<ProposalTotals>(
      `SELECT policy, count(*) FILTER (WHERE state = 'New' AND objections_until IS NOT NULL)::int AS objecting,
         count(*) FILTER (WHERE state = 'New' AND objections_until IS NULL)::int AS waiting,
         count(*) FILTER (WHERE state = 'Declined')::int AS declined,
         count(*) FILTER (WHERE state NOT IN ('New', 'Declined'))::int AS approved
       FROM request WHERE policy IS NOT NULL GROUP BY policy ORDER BY policy`,
    );
    return rows;
  }
}
