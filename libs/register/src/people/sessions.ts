import type pg from 'pg';

/** The sessions of the console, which its own library writes. */
export class Sessions {
  constructor(private readonly pool: pg.Pool) {}

  /** When each of these people last signed in, of those who still have a session. */
  async signedIn(personIds: readonly bigint[]): Promise<ReadonlyMap<bigint, Date>> {
    const { rows } = await this.pool.query<{ id: bigint; at: Date }>(
      `SELECT (sess ->> 'personId')::bigint AS id, to_timestamp(max((sess ->> 'signedInAt')::float8) / 1000) AS at FROM session
       WHERE sess ->> 'personId' = ANY($1::text[]) AND sess ->> 'signedInAt' IS NOT NULL GROUP BY 1`,
      [personIds.map(String)],
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  }

  /** Ends every session of a person, and returns how many there were. */
  async endAll(personId: bigint): Promise<number> {
    const { rowCount } = await this.pool.query(`DELETE FROM session WHERE sess ->> 'personId' = $1`, [
      personId.toString(),
    ]);
    return rowCount ?? 0;
  }
}
