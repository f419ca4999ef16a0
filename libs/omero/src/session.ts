import type pg from 'pg';
import { asOmeroError } from './database-errors';

const fetchSize = 1000;

/** One transaction's view of the database. Invalid once its transaction has ended. */
export class Session {
  #cursors = 0;
  #state: 'open' | 'failed' | 'ended' = 'open';

  constructor(private readonly client: pg.PoolClient) {}

  async rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.run<Row>(sql, values)).rows;
  }

  /** How many rows the statement changed. */
  async count(sql: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.run(sql, values)).rowCount ?? 0;
  }

  /** Runs `work` so that its failure does not abort the rest of the transaction. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    await this.rows('SAVEPOINT attempt');
    try {
      const result = await work();
      await this.rows('RELEASE SAVEPOINT attempt');
      return result;
    } catch (error) {
      this.#state = 'open';
      await this.rows('ROLLBACK TO SAVEPOINT attempt');
      throw error;
    }
  }

  /** Reads with bounded memory. Several may be open at once: each is a cursor on the server. */
  async *cursor<Row extends object>(sql: string, values: readonly unknown[] = []): AsyncGenerator<Row> {
    const name = `coldroom_cursor_${++this.#cursors}`;
    await this.rows(`DECLARE ${name} NO SCROLL CURSOR FOR ${sql}`, values);
    try {
      for (;;) {
        const rows = await this.rows<Row>(`FETCH ${fetchSize} FROM ${name}`);
        yield* rows;
        if (rows.length < fetchSize) return;
      }
    } finally {
      if (this.#state === 'open') await this.rows(`CLOSE ${name}`);
    }
  }

  async commit(): Promise<void> {
    const { command } = await this.run('COMMIT', []);
    if (command !== 'COMMIT')
      throw new Error(`PostgreSQL answered COMMIT with ${command}: the transaction had failed before`);
  }

  end(): void {
    this.#state = 'ended';
  }

  private async run<Row extends object>(sql: string, values: readonly unknown[]): Promise<pg.QueryResult<Row>> {
    if (this.#state === 'ended') throw new Error('a reader was used after its transaction had ended');
    try {
      return await this.client.query<Row>(sql, [...values]);
    } catch (error) {
      this.#state = 'failed';
      throw asOmeroError(error);
    }
  }
}
