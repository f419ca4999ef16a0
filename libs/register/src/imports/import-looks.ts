import type pg from 'pg';
import type { Identity } from '@coldroom/domain';
import { formatIdentity } from '../db/rows';
import { writeImportEvent } from './events';
import { underClaim, type ImportClaim } from './import-claims';

/** What was found of the files of orders on the disk. Each change is made under the claim of the order. */
export class ImportLooks {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Records what a look at the source found, and says for how many milliseconds every look has found just this: 0 where the
   * last one found something else.
   */
  async found(claim: ImportClaim, found: string): Promise<number> {
    return underClaim(this.pool, claim, async (client) => {
      const { rows } = await client.query<{ forMs: number }>(
        `INSERT INTO import_look (order_id, found, looked_at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (order_id) DO UPDATE SET found = $2,
           looked_at = CASE WHEN import_look.found = $2 THEN import_look.looked_at ELSE clock_timestamp() END
         RETURNING (extract(epoch FROM clock_timestamp() - looked_at) * 1000)::float8 AS "forMs"`,
        [claim.order.id, found],
      );
      return rows[0]!.forMs;
    });
  }

  /** Records what files are now, after their names or their links were changed by us. */
  async identities(
    claim: ImportClaim,
    files: readonly { readonly id: bigint; readonly identity: Identity }[],
  ): Promise<void> {
    if (files.length === 0) return;
    await underClaim(this.pool, claim, async (client) => {
      await client.query(
        `UPDATE import_file f SET identity = n.identity FROM unnest($2::bigint[], $3::text[]) AS n(id, identity)
         WHERE f.id = n.id AND f.order_id = $1`,
        [claim.order.id, files.map(({ id }) => id), files.map(({ identity }) => formatIdentity(identity))],
      );
    });
  }

  /** Records that sources were removed: each was proven in the same run, or is a control file. */
  async removed(claim: ImportClaim, ids: readonly bigint[]): Promise<void> {
    await underClaim(this.pool, claim, async (client) => {
      await client.query(
        `UPDATE import_file SET removed_at = now(), proven_at = CASE WHEN control THEN proven_at ELSE coalesce(proven_at, now()) END
         WHERE order_id = $1 AND id = ANY ($2) AND removed_at IS NULL`,
        [claim.order.id, ids],
      );
    });
  }

  /** Adds to the audit log what was done to the files of an order. */
  async note(claim: ImportClaim, what: string, detail: object): Promise<void> {
    const { order, worker } = claim;
    await underClaim(this.pool, claim, async (client) => {
      await writeImportEvent(client, {
        importId: order.id,
        actor: worker,
        what,
        from: order.state,
        to: order.state,
        detail,
      });
    });
  }

  /** Cancelled orders whose locks may still be there, oldest first. */
  async toRelease(limit = 100): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT id FROM import_order WHERE state = 'cancelled' AND released_at IS NULL AND not_before <= now()
         AND (lease_until IS NULL OR lease_until < now()) ORDER BY id LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Records that the locks of a cancelled order were taken away, and gives the claim back. */
  async released(claim: ImportClaim): Promise<void> {
    await underClaim(this.pool, claim, async (client) => {
      await client.query(
        'UPDATE import_order SET released_at = now(), claimed_by = NULL, lease_until = NULL WHERE id = $1',
        [claim.order.id],
      );
    });
  }
}
