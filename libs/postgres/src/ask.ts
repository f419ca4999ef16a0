import type pg from 'pg';
import { UnsuitableServer } from './unsuitable-server';

export const answerMs = 10_000;

/** A short question. A pooler without a free connection accepts clients and then keeps them waiting: `UnsuitableServer`. */
export async function ask<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  text: string,
  values: unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  const query = { text, values, query_timeout: answerMs };
  try {
    return await client.query<Row>(query);
  } catch (error) {
    if (error instanceof Error && error.message === 'Query read timeout') throw new UnsuitableServer('silent');
    throw error;
  }
}
