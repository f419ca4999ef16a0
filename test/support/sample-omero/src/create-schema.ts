import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';

const SQL_FOLDER = join(__dirname, '..', 'sql');

/**
 * Creates OMERO 5.4's tables, functions and triggers (as far as an archiver uses them) and a new server's first rows in
 * an empty database, in one transaction. Refuses a database that has tables already.
 */
export async function createOmeroSchema(databaseUrl: string): Promise<void> {
  const names = (await readdir(SQL_FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ tables: number }>(
      `SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'`,
    );
    if (rows[0]?.tables !== 0)
      throw new Error('The database has tables already; give an empty one for a sample OMERO.');
    await client.query('BEGIN');
    for (const name of names) {
      try {
        await client.query(await readFile(join(SQL_FOLDER, name), 'utf8'));
      } catch (cause) {
        throw new Error(`OMERO's schema could not be made: ${name}: ${(cause as Error).message}`, { cause });
      }
    }
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
