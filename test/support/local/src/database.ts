import { Client } from 'pg';

/**
 * Makes an empty UTF-8 database and returns its URL. An existing database of that name is refused, unless `existing` is
 * set to keep it as it is or to drop it (with everything in it, and all its connections).
 */
export async function createDatabase(
  adminUrl: string,
  name: string,
  { existing }: { readonly existing?: 'keep' | 'drop' } = {},
): Promise<string> {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const quoted = client.escapeIdentifier(name);
    const found = (await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).rowCount !== 0;
    if (found && existing === 'keep') return url.href;
    if (found && existing === undefined)
      throw new Error(
        `There is a database ${name} already; choose another name, or say that it may be kept or dropped.`,
      );
    if (found) await client.query(`DROP DATABASE ${quoted} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${quoted} TEMPLATE template0 ENCODING 'UTF8'`);
    return url.href;
  } finally {
    await client.end();
  }
}
