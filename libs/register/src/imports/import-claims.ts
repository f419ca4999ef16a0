import type pg from 'pg';
import { claimLost, codeOf, messageOf, NotYet, type ImportState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { writeImportEvent } from './events';
import { orderColumns, type ImportOrder } from './orders';

/** The right to work on an order until the lease ends. A later claim gets a higher fence and makes this one void. */
export interface ImportClaim {
  readonly order: ImportOrder;
  readonly worker: string;
  readonly fence: bigint;
}

/** Which worker holds which order. */
export class ImportClaims {
  constructor(private readonly pool: pg.Pool) {}

  /** Orders that are due and that no worker holds, oldest first; those that a person wants ended are before all others. */
  async due(states: readonly ImportState[], limit = 100): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `(SELECT id FROM import_order WHERE cancel_by IS NOT NULL AND state NOT IN ('done', 'emptied', 'cancelled')
         AND not_before <= now() AND (lease_until IS NULL OR lease_until < now()) ORDER BY not_before, id LIMIT $2)
       UNION ALL
       (SELECT o.id FROM unnest($1::text[]) AS wanted(state) CROSS JOIN LATERAL (
         SELECT id, not_before FROM import_order
         WHERE state = wanted.state AND state NOT IN ('done', 'emptied', 'cancelled', 'stuck') AND cancel_by IS NULL AND not_before <= now()
           AND (lease_until IS NULL OR lease_until < now())
         ORDER BY not_before, id LIMIT $2) o
       ORDER BY o.not_before, o.id LIMIT $2)`,
      [states, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Done orders whose source may be removed by now. */
  async toEmpty(limit = 100): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT id FROM import_order WHERE state = 'done' AND not_before <= now() AND (lease_until IS NULL OR lease_until < now())
       ORDER BY not_before, id LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Claims an order by compare-and-set; undefined if it is not due, or if another worker holds it. */
  async claim(
    id: bigint,
    states: readonly ImportState[],
    worker: string,
    leaseMs: number,
  ): Promise<ImportClaim | undefined> {
    const { rows } = await this.pool.query<ImportOrder & { fence: bigint }>(
      `UPDATE import_order o SET claimed_by = $3, fence = fence + 1, lease_until = now() + $4 * interval '1 ms'
       WHERE o.id = $1 AND (o.state = ANY($2) OR o.state = 'stuck' AND o.cancel_by IS NOT NULL)
         AND (o.state <> 'cancelled' OR o.released_at IS NULL) AND o.not_before <= now() AND (o.lease_until IS NULL OR o.lease_until < now())
       RETURNING ${orderColumns}, o.fence`,
      [id, states, worker, leaseMs],
    );
    if (!rows[0]) return undefined;
    const { fence, ...order } = rows[0];
    return { order, worker, fence };
  }

  /** Renews a lease; `lost`: nothing more may be changed. */
  async renew({ order, worker, fence }: ImportClaim, leaseMs: number): Promise<'renewed' | 'cancelled' | 'lost'> {
    const { rows } = await this.pool.query<{ cancelled: boolean }>(
      `UPDATE import_order SET lease_until = now() + $4 * interval '1 ms'
       WHERE id = $1 AND claimed_by = $2 AND fence = $3 AND lease_until > now() RETURNING cancel_by IS NOT NULL AS cancelled`,
      [order.id, worker, fence, leaseMs],
    );
    if (!rows[0]) return 'lost';
    return rows[0].cancelled ? 'cancelled' : 'renewed';
  }

  /**
   * Gives the order back for another try after `delayMs`; an `attempt` is counted and recorded. Waiting counts towards a
   * deadline, unless `why` is a NotYet with `details.noDeadline`. False if the claim is lost.
   */
  async postpone(
    { order, worker, fence }: ImportClaim,
    delayMs: number,
    why: unknown,
    attempt: boolean,
  ): Promise<boolean> {
    const noDeadline = why instanceof NotYet && why.details['noDeadline'] === true;
    return transaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE import_order SET claimed_by = NULL, lease_until = NULL, note = $5, not_before = now() + $4 * interval '1 ms',
           attempts = CASE WHEN $6 THEN attempts + 1 ELSE attempts END,
           waiting_since = CASE WHEN $6 THEN waiting_since WHEN $7 THEN NULL ELSE coalesce(waiting_since, now()) END
         WHERE id = $1 AND claimed_by = $2 AND fence = $3`,
        [order.id, worker, fence, delayMs, messageOf(why), attempt, noDeadline],
      );
      if (rowCount === 1 && attempt)
        await writeImportEvent(client, {
          importId: order.id,
          actor: worker,
          what: 'attempt failed',
          from: order.state,
          to: order.state,
          code: codeOf(why),
          detail: { message: messageOf(why), attempt: order.attempts + 1 },
        });
      return rowCount === 1;
    });
  }

  /** Gives an order back unchanged, to be offered again at once. */
  async release({ order, worker, fence }: ImportClaim): Promise<void> {
    await this.pool.query(
      'UPDATE import_order SET claimed_by = NULL, lease_until = NULL WHERE id = $1 AND claimed_by = $2 AND fence = $3',
      [order.id, worker, fence],
    );
  }
}

/** Changes what belongs to the order of a claim, in one transaction; as `lockOrder`. */
export async function underClaim<T>(
  pool: pg.Pool,
  claim: ImportClaim,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return transaction(pool, async (client) => {
    await lockOrder(client, claim);
    return work(client);
  });
}

/**
 * Locks the order of a claim for a change; throws `Transient` `CLAIM_LOST` if another worker has it, or if the lease has
 * run out.
 */
export async function lockOrder(client: pg.PoolClient, { order, worker, fence }: ImportClaim): Promise<void> {
  const { rowCount } = await client.query(
    'SELECT FROM import_order WHERE id = $1 AND claimed_by = $2 AND fence = $3 AND lease_until > now() FOR UPDATE',
    [order.id, worker, fence],
  );
  if (rowCount !== 1) throw claimLost(`import ${order.id} was taken over by another worker and nothing was recorded`);
}
