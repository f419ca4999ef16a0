import type pg from 'pg';
import type { ImportState } from '@coldroom/domain';

/** An order whose source is, or should be, in a buffer. */
export interface SourceInBuffer {
  readonly id: bigint;
  readonly state: ImportState;
  readonly person: string;
  readonly source: Buffer;
  readonly display: string;
  readonly files: number;
  readonly bytes: bigint;
  readonly provenAt: Date | null;
  /** Why it waits; of a done order, why its source is still there. */
  readonly note: string | null;
}

/** The sources of orders, by where they are. */
export class ImportSources {
  constructor(private readonly pool: pg.Pool) {}

  /** Below an absolute directory, by path; cancelled and emptied orders are left out. */
  async below(directory: string): Promise<readonly SourceInBuffer[]> {
    const [from, to] = [Buffer.from(`${directory}/`), Buffer.from(`${directory}0`)]; // "0" follows "/"
    const { rows } = await this.pool.query<SourceInBuffer>(
      `SELECT id, state, person, source, display, files, bytes, proven_at AS "provenAt", note FROM import_order
       WHERE source >= $1 AND source < $2 AND state NOT IN ('cancelled', 'emptied') ORDER BY source, id`,
      [from, to],
    );
    return rows;
  }

  /** Another order, not at its end, that works on the source of this one, on a part of it, or on what contains it. */
  async inUseBy({ id, source }: { readonly id: bigint; readonly source: Buffer }): Promise<bigint | undefined> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT id FROM import_order
       WHERE id <> $1 AND state NOT IN ('done', 'emptied', 'cancelled')
         AND (source = $2 OR substring(source FOR length($2) + 1) = $2 || '/'::bytea
           OR substring($2::bytea FOR length(source) + 1) = source || '/'::bytea)
       ORDER BY id LIMIT 1`,
      [id, source],
    );
    return rows[0]?.id;
  }

  /** Those of these orders whose work is over: names of ours that are left of them are of files that could not go back. */
  async ended(ids: readonly bigint[]): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT id FROM import_order
       WHERE id = ANY ($1) AND (state IN ('done', 'emptied') OR state = 'cancelled' AND released_at IS NOT NULL)`,
      [ids],
    );
    return rows.map(({ id }) => id);
  }
}
