import type pg from 'pg';
import { Transient, type ImportState, type TransferMode } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { writeImportEvent } from './events';

export const importOrigins = ['command', 'console', 'annotation', 'buffer', 'bulk', 'agent'] as const;
export type ImportOrigin = (typeof importOrigins)[number];

/** How the files of an order are kept from being deleted or changed: by second names, by a move into our directory. */
export type ImportLock = 'links' | 'moved' | 'none';

/** A key and a value. */
export type ImportPair = readonly [key: string, value: string];

export interface ImportOptions {
  readonly name?: string;
  readonly description?: string;
  /** Key-value pairs that the images get once they are proven. A key may have several values. */
  readonly annotations?: readonly ImportPair[];
  /** Import the same files once more, although an earlier order imported them: its images were deleted in OMERO. */
  readonly again?: boolean;
}

export interface NewImportOrder {
  /** For whom it is imported: a user of OMERO, and one of their groups. */
  readonly personId: bigint;
  readonly person: string;
  readonly groupId: bigint;
  readonly group: string;
  /** The canonical path of the directory or file, without links. */
  readonly source: Buffer;
  readonly display: string;
  readonly target: string;
  readonly transfer: TransferMode;
  readonly options: ImportOptions;
  readonly origin: ImportOrigin;
}

export interface ImportOrder extends NewImportOrder {
  readonly id: bigint;
  readonly state: ImportState;
  readonly stuckFrom: ImportState | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly content: string | null;
  readonly lock: ImportLock | null;
  readonly files: number;
  readonly bytes: bigint;
  readonly orderedBy: string;
  readonly orderedAt: Date;
  readonly provenAt: Date | null;
  /** How often it failed for transient reasons since it last advanced. */
  readonly attempts: number;
  readonly waitingSince: Date | null;
  readonly note: string | null;
  /** Who wants it ended; the importer ends it. */
  readonly cancelBy: string | null;
}

export const orderColumns = `o.id, o.state, o.stuck_from AS "stuckFrom", o.code, o.reason, o.person_id AS "personId", o.person,
  o.group_id AS "groupId", o.group_name AS "group", o.source, o.display, o.content, o.target, o.transfer, o.options, o.origin,
  o.ordered_by AS "orderedBy", o.ordered_at AS "orderedAt", o.lock, o.files, o.bytes, o.proven_at AS "provenAt", o.attempts,
  o.waiting_since AS "waitingSince", o.note, o.cancel_by AS "cancelBy"`;

const attempts = 5;

/** What people ordered to be imported. */
export class ImportOrders {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Records an order. Where this person has an order for this source that is not at its end, that one is the answer: one
   * set is imported once, whoever clicks how often.
   */
  async order(order: NewImportOrder, by: string): Promise<{ readonly id: bigint; readonly isNew: boolean }> {
    for (let tries = 0; tries < attempts; tries += 1) {
      const answer = await this.orderOnce(order, by);
      if (answer) return answer; // else the other one ended at this moment: a new one can be made
    }
    throw new Transient(
      'IMPORT_ORDER_ENDING',
      `Orders for ${order.display} end while another one is made. Order it again.`,
    );
  }

  private async orderOnce(
    order: NewImportOrder,
    by: string,
  ): Promise<{ readonly id: bigint; readonly isNew: boolean } | undefined> {
    return transaction(this.pool, async (client) => {
      const {
        rows: [made],
      } = await client.query<{ id: bigint }>(
        `INSERT INTO import_order (state, person_id, person, group_id, group_name, source, display, target, transfer, options, origin, ordered_by)
         VALUES ('ordered', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (person_id, source) WHERE state NOT IN ('done', 'emptied', 'cancelled') DO NOTHING RETURNING id`,
        [
          order.personId,
          order.person,
          order.groupId,
          order.group,
          order.source,
          order.display,
          order.target,
          order.transfer,
          JSON.stringify(order.options),
          order.origin,
          by,
        ],
      );
      if (made) {
        await writeImportEvent(client, { importId: made.id, actor: by, what: 'ordered', to: 'ordered' });
        return { id: made.id, isNew: true };
      }
      const { rows } = await client.query<{ id: bigint }>(
        `SELECT id FROM import_order WHERE person_id = $1 AND source = $2 AND state NOT IN ('done', 'emptied', 'cancelled') FOR SHARE`,
        [order.personId, order.source],
      );
      return rows[0] && { id: rows[0].id, isNew: false };
    });
  }

  async get(id: bigint): Promise<ImportOrder | undefined> {
    const { rows } = await this.pool.query<ImportOrder>(`SELECT ${orderColumns} FROM import_order o WHERE o.id = $1`, [
      id,
    ]);
    return rows[0];
  }

  /** Newest first; of one person, or of all. */
  async list({
    personId = null,
    before = null,
    limit = 100,
  }: { readonly personId?: bigint | null; readonly before?: bigint | null; readonly limit?: number } = {}): Promise<
    readonly ImportOrder[]
  > {
    const { rows } = await this.pool.query<ImportOrder>(
      `SELECT ${orderColumns} FROM import_order o
       WHERE ($1::bigint IS NULL OR o.person_id = $1) AND ($2::bigint IS NULL OR o.id < $2) ORDER BY o.id DESC LIMIT $3`,
      [personId, before, limit],
    );
    return rows;
  }
}
