import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { Refused } from '@coldroom/domain';
import { schema } from './connection';

interface Queries {
  query<Row extends pg.QueryResultRow>(sql: string): Promise<pg.QueryResult<Row>>;
}

/** This version's migrations that the register lacks, in order; all of them if it is empty. */
export async function pendingMigrations(queries: Queries): Promise<readonly string[]> {
  const done = await doneMigrations(queries);
  return (await ownMigrations()).filter((name) => !done.includes(name));
}

/** `Refused` `REGISTER_NEWER` if a newer version has migrated the register: this one could misread what that one wrote. */
export async function refuseNewer(queries: Queries): Promise<void> {
  const own = await ownMigrations();
  const unknown = (await doneMigrations(queries)).filter((name) => !own.includes(name));
  if (unknown.length === 0) return;
  throw new Refused(
    'REGISTER_NEWER',
    `The register was migrated by a newer version of Coldroom (${unknown.join(', ')}), and this one knows it up to ${own.at(-1)} only; run the newer version here too, or restore the dump of the register from before the upgrade`,
  );
}

async function ownMigrations(): Promise<readonly string[]> {
  const files = await readdir(join(__dirname, '..', '..', 'migrations'));
  return files
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length))
    .sort();
}

async function doneMigrations(queries: Queries): Promise<readonly string[]> {
  const {
    rows: [found],
  } = await queries.query<{ migration: string | null }>(`SELECT to_regclass('${schema}.migration')::text AS migration`);
  if (!found?.migration) return [];
  const { rows } = await queries.query<{ name: string }>(`SELECT name FROM ${schema}.migration ORDER BY name`);
  return rows.map(({ name }) => name);
}
