import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { schema } from './connection';

/** This version's migrations that the register lacks, in order; all of them if it is empty. */
export async function pendingMigrations(pool: pg.Pool): Promise<readonly string[]> {
  const files = (await readdir(join(__dirname, '..', '..', 'migrations')))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length));
  const {
    rows: [found],
  } = await pool.query<{ migration: string | null }>(`SELECT to_regclass('${schema}.migration')::text AS migration`);
  if (!found?.migration) return files.sort();
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM migration');
  return files.filter((file) => !rows.some((row) => row.name === file)).sort();
}
