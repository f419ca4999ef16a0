import type pg from 'pg';
import type { ImportState } from '@coldroom/domain';
import type { Visibility } from '../requests/request-filter';
import { orderColumns, type ImportOrder } from './orders';

export interface ImportPage {
  /** Undefined: all orders. */
  readonly visible?: Visibility | undefined;
  readonly personId?: bigint | undefined;
  readonly states?: readonly ImportState[] | undefined;
  /** Only orders with a smaller number: for paging. */
  readonly before?: bigint | undefined;
  readonly limit?: number | undefined;
}

/** How much of an order is listed, imported, proven and removed. */
export interface ImportAmounts {
  readonly filesets: number;
  /** Filesets that OMERO has. */
  readonly imported: number;
  readonly images: number;
  readonly proven: number;
  readonly removed: number;
  /** Files that OMERO's importer left out; null while it was not asked. */
  readonly leftOut: number | null;
  /** The first of them. */
  readonly leftOutFirst: readonly string[];
}

export interface ImportedFileset {
  readonly number: number;
  readonly reader: string;
  readonly files: number;
  readonly filesetId: bigint | null;
  readonly images: number | null;
}

export interface AttemptReport {
  readonly number: number;
  readonly sessionId: bigint;
  readonly worker: string;
  readonly startedAt: Date;
  readonly closedAt: Date | null;
  readonly judgedAt: Date | null;
  readonly exitCode: number | null;
  /** The file with its output, on the machine of the importer. */
  readonly log: string | null;
  /** The end of that output, without keys of sessions; null while it runs. */
  readonly lastLines: string | null;
}

export interface ImportEventRow {
  readonly at: Date;
  readonly actor: string;
  readonly what: string;
  readonly from: ImportState | null;
  readonly to: ImportState | null;
  readonly code: string | null;
  readonly detail: unknown;
}

/** What lists and pages show of orders. */
export class ImportReports {
  constructor(private readonly pool: pg.Pool) {}

  /** Newest first. */
  async list(page: ImportPage): Promise<readonly ImportOrder[]> {
    const { visible, personId = null, states = null, before = null, limit = 100 } = page;
    const { rows } = await this.pool.query<ImportOrder>(
      `SELECT ${orderColumns} FROM import_order o
       WHERE ($1 OR o.person_id = $2 OR o.group_id = ANY($3)) AND ($4::bigint IS NULL OR o.person_id = $4)
         AND ($5::text[] IS NULL OR o.state = ANY($5)) AND ($6::bigint IS NULL OR o.id < $6)
       ORDER BY o.id DESC LIMIT $7`,
      [visible === undefined, visible?.personId ?? null, visible?.groupIds ?? [], personId, states, before, limit],
    );
    return rows;
  }

  /** How many orders are in each state; states without any are left out. */
  async counts(visible?: Visibility): Promise<ReadonlyMap<ImportState, number>> {
    const { rows } = await this.pool.query<{ state: ImportState; orders: number }>(
      `SELECT o.state, count(*)::integer AS orders FROM import_order o
       WHERE ($1 OR o.person_id = $2 OR o.group_id = ANY($3)) GROUP BY o.state`,
      [visible === undefined, visible?.personId ?? null, visible?.groupIds ?? []],
    );
    return new Map(rows.map(({ state, orders }) => [state, orders]));
  }

  async amounts(orderId: bigint): Promise<ImportAmounts> {
    const { rows } = await this.pool.query<ImportAmounts>(
      `SELECT s.filesets, s.imported, s.images, f.proven, f.removed, CASE WHEN s.filesets > 0 THEN f.unlisted END AS "leftOut",
         CASE WHEN s.filesets > 0 THEN ARRAY(SELECT display FROM import_file
           WHERE order_id = $1 AND fileset IS NULL AND NOT control ORDER BY id LIMIT 20) ELSE '{}' END AS "leftOutFirst"
       FROM (SELECT count(*)::integer AS filesets, count(fileset_id)::integer AS imported, coalesce(sum(images), 0)::integer AS images
             FROM import_fileset WHERE order_id = $1) s,
            (SELECT count(proven_at)::integer AS proven, count(removed_at)::integer AS removed,
               (count(*) FILTER (WHERE fileset IS NULL AND NOT control))::integer AS unlisted FROM import_file WHERE order_id = $1) f`,
      [orderId],
    );
    return rows[0] as ImportAmounts;
  }

  /** By number, after one of them. */
  async filesets(orderId: bigint, { after = 0, limit = 100 } = {}): Promise<readonly ImportedFileset[]> {
    const { rows } = await this.pool.query<ImportedFileset>(
      `SELECT s.number, s.reader, s.fileset_id AS "filesetId", s.images,
         (SELECT count(*)::integer FROM import_file f WHERE f.order_id = s.order_id AND f.fileset = s.number) AS files
       FROM import_fileset s WHERE s.order_id = $1 AND s.number > $2 ORDER BY s.number LIMIT $3`,
      [orderId, after, limit],
    );
    return rows;
  }

  /** Oldest first. */
  async attempts(orderId: bigint): Promise<readonly AttemptReport[]> {
    const { rows } = await this.pool.query<AttemptReport>(
      `SELECT number, session_id AS "sessionId", worker, started_at AS "startedAt", closed_at AS "closedAt",
         judged_at AS "judgedAt", exit_code AS "exitCode", log, last_lines AS "lastLines"
       FROM import_attempt WHERE order_id = $1 ORDER BY number`,
      [orderId],
    );
    return rows;
  }

  /** Newest first. */
  async events(orderId: bigint, limit = 100): Promise<readonly ImportEventRow[]> {
    const { rows } = await this.pool.query<ImportEventRow>(
      `SELECT at, actor, what, from_state AS "from", to_state AS "to", code, detail
       FROM event WHERE import_id = $1 ORDER BY id DESC LIMIT $2`,
      [orderId, limit],
    );
    return rows;
  }
}
