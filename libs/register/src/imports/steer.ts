import type pg from 'pg';
import { importRetryState, type ImportState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { writeImportEvent } from './events';
import { noLongerStands } from './standing';

/** What became of a person's wish about an order. */
export type Steered =
  | { readonly done: true; readonly state: ImportState }
  /** The importer ends it, when what runs has ended. */
  | { readonly done: false; readonly state: ImportState }
  /** The order is in a state in which this is not possible; undefined: there is no such order. */
  | { readonly refused: ImportState | undefined };

interface Row {
  readonly state: ImportState;
  readonly stuckFrom: ImportState | null;
  readonly claimed: boolean;
  readonly cancelBy: string | null;
}

/** What people change about orders that were given. */
export class ImportSteering {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Ends an order. One on which nothing was done yet is cancelled at once; any other is ended by the importer, which first
   * asks OMERO what was made: an import that is complete is taken over nevertheless. May be repeated.
   */
  async cancel(id: bigint, by: string): Promise<Steered> {
    return this.change(id, async (client, row) => {
      if (['imported', 'verified', 'done', 'emptied', 'cancelled'].includes(row.state)) return { refused: row.state };
      if (row.state === 'ordered' && !row.claimed) {
        await client.query(
          `UPDATE import_order SET state = 'cancelled', cancel_by = $2, code = 'CANCELLED', reason = $3, note = NULL WHERE id = $1`,
          [id, by, `cancelled by ${by}`],
        );
        await noLongerStands(client, id, by);
        await writeImportEvent(client, {
          importId: id,
          actor: by,
          what: 'cancel',
          from: row.state,
          to: 'cancelled',
          code: 'CANCELLED',
        });
        return { done: true, state: 'cancelled' };
      }
      if (row.cancelBy === null) {
        await client.query('UPDATE import_order SET cancel_by = $2, not_before = now() WHERE id = $1', [id, by]);
        await writeImportEvent(client, {
          importId: id,
          actor: by,
          what: 'cancel requested',
          from: row.state,
          to: row.state,
        });
      }
      return { done: false, state: row.state };
    });
  }

  /** Has a stuck order go on, from `importRetryState`. */
  async retry(id: bigint, by: string): Promise<Steered> {
    return this.change(id, async (client, row) => {
      if (row.state !== 'stuck' || row.stuckFrom === null || row.cancelBy !== null) return { refused: row.state };
      const to = importRetryState(row.stuckFrom);
      await client.query(
        `UPDATE import_order SET state = $2, stuck_from = NULL, code = NULL, reason = NULL, attempts = 0, waiting_since = NULL,
           note = NULL, not_before = now() WHERE id = $1`,
        [id, to],
      );
      await writeImportEvent(client, { importId: id, actor: by, what: 'retry', from: 'stuck', to });
      return { done: true, state: to };
    });
  }

  private async change(id: bigint, work: (client: pg.PoolClient, row: Row) => Promise<Steered>): Promise<Steered> {
    return transaction(this.pool, async (client) => {
      const { rows } = await client.query<Row>(
        `SELECT state, stuck_from AS "stuckFrom", cancel_by AS "cancelBy", coalesce(lease_until > now(), false) AS claimed
         FROM import_order WHERE id = $1 FOR UPDATE`,
        [id],
      );
      return rows[0] ? work(client, rows[0]) : { refused: undefined };
    });
  }
}
