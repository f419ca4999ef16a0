import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';

/** The scanner's own role with the least rights, as docs/omero-grants.sql grants them. Returns its URL. */
export async function makeScannerRole(ownerUrl: string): Promise<string> {
  const password = randomBytes(12).toString('hex');
  await grantScanner(ownerUrl, password);
  const url = new URL(ownerUrl);
  url.username = 'coldroom_scanner';
  url.password = password;
  return url.href;
}

/** @param password letters and digits */
export async function grantScanner(ownerUrl: string, password: string): Promise<void> {
  const grants = await readFile(join(__dirname, '..', '..', '..', 'docs', 'omero-grants.sql'), 'utf8');
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(grants);
    await client.query(`ALTER ROLE coldroom_scanner PASSWORD '${password}'`);
  } finally {
    await client.end();
  }
}
