import type pg from 'pg';

/** The sessions of the console, which its own library writes. */
export class Sessions {
  constructor(private readonly pool: pg.Pool) {}

  /** Ends every session of a person, and returns how many there were. */
  async endAll(personId: bigint): Promise<number> {
    const { rowCount } = await this.pool.query(`DELETE FROM session WHERE sess ->> 'personId' = $1`, [
      personId.toString(),
    ]);
    return rowCount ?? 0;
  }
}
