import { basename } from 'node:path';
import type { Client } from 'pg';
import type { ChecksumAlgorithm } from '@coldroom/sample-omero';
import { clientPath } from './client-path';
import { hashed } from './transfers';

/** Is a main file in OMERO already, by this rule of `--exclude`? */
export async function isExcluded(client: Client, rule: string, path: string): Promise<boolean> {
  switch (rule) {
    case 'clientpath':
      return known(client, 'SELECT 1 FROM filesetentry WHERE clientpath = $1 LIMIT 1', clientPath(path));
    case 'filename':
      return hasSameBytes(client, path);
    default:
      throw new Error(`java.lang.ClassNotFoundException: ${rule}`);
  }
}

async function known(client: Client, sql: string, value: string): Promise<boolean> {
  return (await client.query(sql, [value])).rowCount !== 0;
}

/** A file of the same name, and the same checksum. One of that name without a checksum ends the search. */
async function hasSameBytes(client: Client, path: string): Promise<boolean> {
  const { rows } = await client.query<{ hash: string | null; hasher: ChecksumAlgorithm | null }>(
    `SELECT o.hash, c.value AS hasher FROM originalfile o JOIN checksumalgorithm c ON c.id = o.hasher
     WHERE o.name = $1 ORDER BY o.id`,
    [basename(path)],
  );
  for (const { hash, hasher } of rows) {
    if (hash === null || hasher === null) return false;
    if ((await hashed(path, hasher)).hash === hash) return true;
  }
  return false;
}
