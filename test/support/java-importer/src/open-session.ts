import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

/**
 * A session as `omero sessions open` makes it, straight in the sample OMERO's database: for tests without the server
 * side. Returns its key.
 */
export async function openSession(
  databaseUrl: string,
  { omename, group }: { readonly omename: string; readonly group: string },
): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const key = randomUUID();
    await client.query(
      `WITH made AS (
         INSERT INTO session (id, permissions, version, uuid, owner, node, started, timetoidle, timetolive, defaulteventtype, useragent)
         SELECT ome_nextval('seq_session'), -35, 0, $1, e.id, n.id, now() AT TIME ZONE 'UTC', 600000, 0, 'User', 'createSession'
         FROM experimenter e, node n WHERE e.omename = $2 AND n.down IS NULL RETURNING id)
       INSERT INTO server_memory.session_group SELECT made.id, g.id FROM made, experimentergroup g WHERE g.name = $3`,
      [key, omename, group],
    );
    return key;
  } finally {
    await client.end();
  }
}
