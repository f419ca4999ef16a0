import type pg from 'pg';
import { isChosen, isOwned, joinNames, ownerNames, type UsageFilter } from './owners';

/** A column by the name of the field that it keeps. */
export type Columns = Readonly<
  Record<string, { readonly column: string; readonly type: 'bigint' | 'integer' | 'text' }>
>;

export const bigint = (column: string) => ({ column, type: 'bigint' }) as const;
export const integer = (column: string) => ({ column, type: 'integer' }) as const;
export const text = (column: string) => ({ column, type: 'text' }) as const;

/** Replaces all rows of a table that has what was read of OMERO. */
export async function replaceRows(
  client: pg.ClientBase,
  table: string,
  columns: Columns,
  rows: readonly object[],
): Promise<void> {
  const fields = Object.entries(columns);
  await client.query(`DELETE FROM ${table}`);
  for (let start = 0; start < rows.length; start += rowsAtOnce)
    await client.query(
      `INSERT INTO ${table} (${fields.map(([, { column }]) => column).join(', ')})
       SELECT ${fields.map(([name]) => `"${name}"`).join(', ')} FROM jsonb_to_recordset($1::jsonb)
         AS r(${fields.map(([name, { type }]) => `"${name}" ${type}`).join(', ')})`,
      [JSON.stringify(rows.slice(start, start + rowsAtOnce), asText)],
    );
}

const rowsAtOnce = 10_000;
const asText = (_key: string, given: unknown): unknown => (typeof given === 'bigint' ? given.toString() : given);

export interface ListOptions {
  /** SQL: on `s`. */
  readonly order: string;
  readonly limit?: number | undefined;
  /** SQL: which rows of `s`, besides the filter. */
  readonly where?: (value: (given: unknown) => string) => string;
}

/** Rows with the names of their owner and group. */
export async function listRows<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  table: string,
  columns: Columns,
  filter: UsageFilter,
  { order, limit, where = () => 'true' }: ListOptions,
): Promise<readonly Row[]> {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const own = Object.entries(columns).map(([name, { column }]) => `s.${column} AS "${name}"`);
  const { rows } = await pool.query<Row>(
    `SELECT ${own.join(', ')}, ${ownerNames}
     FROM (SELECT *, group_id::text AS group_name, owner_id::text AS owner_name FROM ${table}) s ${joinNames}
     WHERE ${isOwned(filter.visibleTo, 's', value)} AND ${isChosen(filter, 's', value)} AND ${where(value)} ORDER BY ${order} LIMIT ${value(limit ?? null)}`,
    values,
  );
  return rows;
}
