import type pg from 'pg';
import { transaction } from '../db/connection';

/** A file or directory in the directory of a person, of which nothing was ever ordered. */
export interface UnimportedData {
  readonly path: Buffer;
  readonly display: string;
  readonly login: string;
  readonly files: number;
  readonly bytes: bigint;
  readonly changedAt: Date;
  readonly lifetimeAt: Date;
}

export interface AgeingOfPerson {
  readonly login: string;
  readonly count: number;
  readonly bytes: bigint;
  /** The oldest. */
  readonly shown: readonly Omit<UnimportedData, 'path' | 'login'>[];
}

/** Data in buffers that was never imported. It is reported, and never removed. */
export class Unimported {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Of these paths, those of which no order was placed: of the path, in it, or around it. Cancelled orders do not count, nor
   * those whose source was removed: what is there now was left out, or came later.
   */
  async neverOrdered(paths: readonly Buffer[]): Promise<readonly Buffer[]> {
    const { rows } = await this.pool.query<{ path: Buffer }>(
      `SELECT p.path FROM unnest($1::bytea[]) AS p(path) WHERE NOT EXISTS (
         SELECT FROM import_order o WHERE o.state NOT IN ('cancelled', 'emptied') AND (o.source = p.path
           OR substring(o.source FROM 1 FOR length(p.path) + 1) = p.path || '/'::bytea
           OR substring(p.path FROM 1 FOR length(o.source) + 1) = o.source || '/'::bytea))`,
      [paths],
    );
    return rows.map(({ path }) => path);
  }

  /** Replaces what was found in a buffer before. */
  async found(buffer: string, data: readonly UnimportedData[]): Promise<void> {
    await transaction(this.pool, async (client) => {
      await client.query('DELETE FROM import_unimported WHERE buffer = $1', [buffer]);
      await client.query(
        `INSERT INTO import_unimported (buffer, path, display, login, files, bytes, changed_at, lifetime_at)
         SELECT $1, * FROM unnest($2::bytea[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::timestamptz[], $8::timestamptz[])`,
        [
          buffer,
          data.map(({ path }) => path),
          data.map(({ display }) => display),
          data.map(({ login }) => login),
          data.map(({ files }) => files),
          data.map(({ bytes }) => bytes),
          data.map(({ changedAt }) => changedAt),
          data.map(({ lifetimeAt }) => lifetimeAt),
        ],
      );
    });
  }

  /** What reaches the lifetime of its buffer within this time, or has reached it, by person. */
  async ageing(withinMs: number, shown: number): Promise<readonly AgeingOfPerson[]> {
    const due = `lifetime_at < now() + $1 * interval '1 ms'`;
    const { rows } = await this.pool.query<Omit<AgeingOfPerson, 'shown'>>(
      `SELECT login, count(*)::int AS count, sum(bytes)::bigint AS bytes FROM import_unimported WHERE ${due} GROUP BY login ORDER BY login`,
      [withinMs],
    );
    return Promise.all(
      rows.map(async (row) => {
        const first = await this.pool.query<AgeingOfPerson['shown'][number]>(
          `SELECT display, files, bytes, changed_at AS "changedAt", lifetime_at AS "lifetimeAt" FROM import_unimported
           WHERE ${due} AND login = $2 ORDER BY lifetime_at, path LIMIT $3`,
          [withinMs, row.login, shown],
        );
        return { ...row, shown: first.rows };
      }),
    );
  }
}
