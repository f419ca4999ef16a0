import type pg from 'pg';
import { transaction } from '../db/connection';
import { counted } from './checked-copies';

export interface FixityFigures {
  readonly store: string;
  readonly files: number;
  readonly bytes: bigint;
  readonly faults: number;
  /** The oldest time of a last read; null if any copy was never read. */
  readonly oldest: Date | null;
  readonly unread: number;
  /** Not read within the time that was given, or never. */
  readonly overdue: number;
  /** Read in the last seven days. */
  readonly weekFiles: number;
  readonly weekBytes: bigint;
}

/** Figures as they were when they were last counted. */
export interface KeptFixity extends FixityFigures {
  readonly countedAt: Date;
  /** Each copy should be read once in this time. */
  readonly everyMs: number;
  /** The copies of this store are read regularly. */
  readonly isChecked: boolean;
}

/** How many copies were read again in time. Counting reads every file's row, so pages show what was kept. */
export class FixityCoverage {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Figures of all copies that count, by store; without a time, only those never read are overdue. Reads every file's
   * row: not for frequent use.
   */
  async count(everyMs?: number): Promise<readonly FixityFigures[]> {
    const { rows } = await this.pool.query<FixityFigures>(
      `SELECT b.store, count(*)::int AS files, sum(f.size)::bigint AS bytes, count(f.copy_fault)::int AS faults,
         CASE WHEN bool_and(f.copy_checked_at IS NOT NULL) THEN min(f.copy_checked_at) END AS oldest, count(*) FILTER (WHERE f.copy_checked_at IS NULL)::int AS unread,
         count(*) FILTER (WHERE f.copy_checked_at IS NULL OR f.copy_checked_at < now() - $1 * interval '1 ms')::int AS overdue,
         count(*) FILTER (WHERE f.copy_checked_at > now() - interval '7 days')::int AS "weekFiles",
         coalesce(sum(f.size) FILTER (WHERE f.copy_checked_at > now() - interval '7 days'), 0)::bigint AS "weekBytes"
       FROM file f JOIN bag b ON b.id = f.bag_id WHERE ${counted} GROUP BY b.store ORDER BY b.store`,
      [everyMs ?? null],
    );
    return rows;
  }

  /** Replaces the kept figures; `checked` are the stores whose copies are read regularly. */
  async keep(figures: readonly FixityFigures[], everyMs: number, checked: readonly string[]): Promise<void> {
    await transaction(this.pool, async (client) => {
      await client.query('DELETE FROM fixity_figure');
      for (const { store, files, bytes, faults, unread, overdue, weekFiles, weekBytes, oldest } of figures)
        await client.query(
          `INSERT INTO fixity_figure (store, every_ms, is_checked, files, bytes, faults, unread, overdue, week_files, week_bytes, oldest)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
          [
            store,
            everyMs,
            checked.includes(store),
            files,
            bytes,
            faults,
            unread,
            overdue,
            weekFiles,
            weekBytes,
            oldest,
          ],
        );
    });
  }

  /** The kept figures, by store; none before the regular check has run. */
  async kept(): Promise<readonly KeptFixity[]> {
    const { rows } = await this.pool.query<KeptFixity>(
      `SELECT store, counted_at AS "countedAt", every_ms::float8 AS "everyMs", is_checked AS "isChecked", files::int, bytes, faults::int, unread::int, overdue::int,
         week_files::int AS "weekFiles", week_bytes AS "weekBytes", oldest FROM fixity_figure ORDER BY store`,
    );
    return rows;
  }
}
