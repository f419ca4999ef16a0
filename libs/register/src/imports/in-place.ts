import type pg from 'pg';
import type { ImportOrder } from './orders';
import { orderColumns } from './orders';

/** A file that OMERO has in place and that is not as it was imported. */
export interface BrokenInPlace {
  readonly fileId: bigint;
  readonly orderId: bigint;
  /** Of the source. */
  readonly source: string;
  readonly display: string;
  readonly size: bigint;
  readonly found: string;
}

/**
 * Imports by links (`ln`, `ln_s`): OMERO reads the file that the buffer had, so it may be changed or go after the proof. What
 * a later look at them found.
 */
export class ImportsInPlace {
  constructor(private readonly pool: pg.Pool) {}

  /** Those that were not looked at for this long, since their proof or the last look; the longest first. */
  async due(olderMs: number, limit = 100): Promise<readonly ImportOrder[]> {
    const { rows } = await this.pool.query<ImportOrder>(
      `SELECT ${orderColumns} FROM import_order o WHERE o.transfer IN ('ln', 'ln_s') AND o.state IN ('done', 'emptied')
         AND coalesce(o.looked_at, o.proven_at) < now() - $1 * interval '1 ms'
       ORDER BY coalesce(o.looked_at, o.proven_at), o.id LIMIT $2`,
      [olderMs, limit],
    );
    return rows;
  }

  /** What was found of some files; null: they are as they were imported. */
  async found(
    orderId: bigint,
    files: readonly { readonly id: bigint; readonly broken: string | null }[],
  ): Promise<void> {
    await this.pool.query(
      `UPDATE import_file f SET broken = n.broken FROM unnest($2::bigint[], $3::text[]) AS n(id, broken)
       WHERE f.id = n.id AND f.order_id = $1 AND f.broken IS DISTINCT FROM n.broken`,
      [orderId, files.map(({ id }) => id), files.map(({ broken }) => broken)],
    );
  }

  /** All files of the order were looked at. */
  async looked(orderId: bigint): Promise<void> {
    await this.pool.query('UPDATE import_order SET looked_at = now() WHERE id = $1', [orderId]);
  }

  /** Of these paths in the managed repository, those that Coldroom archives: what is there is looked at by audits. */
  async archived(paths: readonly Buffer[]): Promise<readonly Buffer[]> {
    const { rows } = await this.pool.query<{ path: Buffer }>(
      `SELECT path FROM file
       WHERE root = 'ManagedRepository' AND path = ANY ($1) AND phase NOT IN ('skipped', 'given up', 'restored')`,
      [paths],
    );
    return rows.map(({ path }) => path);
  }

  /** By number, after one of them. */
  async broken(after = 0n, limit = 500): Promise<readonly BrokenInPlace[]> {
    const { rows } = await this.pool.query<BrokenInPlace>(
      `SELECT f.id AS "fileId", f.order_id AS "orderId", o.display AS source, f.display, f.size, f.broken AS found
       FROM import_file f JOIN import_order o ON o.id = f.order_id
       WHERE f.broken IS NOT NULL AND f.id > $1 ORDER BY f.id LIMIT $2`,
      [after, limit],
    );
    return rows;
  }
}
