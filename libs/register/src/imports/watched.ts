import type pg from 'pg';
import type { ImportState } from '@coldroom/domain';
import { transaction } from '../db/connection';

/** A set of a watched buffer, as it is now and as it was ordered. */
export interface WatchedSource {
  /** It has looked the same for this many milliseconds. */
  readonly sameForMs: number;
  readonly order: { readonly id: bigint; readonly state: ImportState; readonly look: string } | null;
}

/** Directories of watched buffers. Only names, sizes and times are compared. */
export class WatchedSources {
  constructor(private readonly pool: pg.Pool) {}

  /** Records how a set looks now. */
  async seen(path: Buffer, display: string, look: string): Promise<WatchedSource> {
    const { rows } = await this.pool.query<
      Omit<WatchedSource, 'order'> & { id: bigint | null; state: ImportState; ordered: string }
    >(
      `WITH seen AS (
         INSERT INTO import_watched AS w (path, display, look) VALUES ($1, $2, $3)
         ON CONFLICT (path) DO UPDATE SET display = $2, look = $3, seen_at = now(),
           since = CASE WHEN w.look = $3 THEN w.since ELSE now() END
         RETURNING since, order_id, ordered_look)
       SELECT (extract(epoch FROM now() - s.since) * 1000)::float8 AS "sameForMs", o.id, o.state, s.ordered_look AS ordered
       FROM seen s LEFT JOIN import_order o ON o.id = s.order_id`,
      [path, display, look],
    );
    const { sameForMs, id, state, ordered } = rows[0] as (typeof rows)[number];
    return { sameForMs, order: id === null ? null : { id, state, look: ordered } };
  }

  /** Its order, and how it looked then. A fault that was reported is over. */
  async ordered(path: Buffer, orderId: bigint, look: string): Promise<void> {
    await this.pool.query(
      'UPDATE import_watched SET order_id = $2, ordered_look = $3, fault = NULL, fault_look = NULL WHERE path = $1',
      [path, orderId, look],
    );
  }

  /**
   * Records why a set is not ordered, once for as long as the set looks like this; the event is what mail is about. True
   * if it is new.
   */
  async refused(
    path: Buffer,
    fault: { readonly look: string; readonly code: string; readonly reason: string; readonly login: string | null },
    by: string,
  ): Promise<boolean> {
    return transaction(this.pool, async (client) => {
      const { rows } = await client.query<{ display: string }>(
        `UPDATE import_watched SET fault = $2, fault_look = $3
         WHERE path = $1 AND (fault IS DISTINCT FROM $2 OR fault_look IS DISTINCT FROM $3) RETURNING display`,
        [path, `${fault.code}: ${fault.reason}`, fault.look],
      );
      const [row] = rows;
      if (!row) return false;
      const detail = { source: row.display, message: fault.reason, login: fault.login };
      await client.query(`INSERT INTO event (actor, what, code, detail) VALUES ($1, 'import not ordered', $2, $3)`, [
        by,
        fault.code,
        detail,
      ]);
      return true;
    });
  }

  /** Sets that are not ordered because of a fault, newest first. */
  async faults(
    limit = 100,
  ): Promise<readonly { readonly display: string; readonly fault: string; readonly since: Date }[]> {
    const { rows } = await this.pool.query<{ display: string; fault: string; since: Date }>(
      'SELECT display, fault, since FROM import_watched WHERE fault IS NOT NULL ORDER BY since DESC, path LIMIT $1',
      [limit],
    );
    return rows;
  }

  /** Those that were not found for this long are gone from the buffer. */
  async forget(notSeenForMs: number): Promise<void> {
    await this.pool.query(`DELETE FROM import_watched WHERE seen_at < now() - $1 * interval '1 ms'`, [notSeenForMs]);
  }
}
