import { randomBytes } from 'node:crypto';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

export interface ImageMarks {
  readonly imageId: number;
  readonly archived: boolean | null;
  readonly marks: readonly string[];
}

/** What OMERO records of images: every mark as often as it is linked. */
export async function archivedMarks(url: string, imageIds: readonly number[]): Promise<readonly ImageMarks[]> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ id: string; archived: boolean | null; marks: string[] }>(
      `SELECT i.id, i.archived, array_agg(a.name ORDER BY a.name) AS marks FROM image i
       JOIN imageannotationlink l ON l.parent = i.id JOIN annotation a ON a.id = l.child AND a.ns = 'archiving'
       WHERE i.id = ANY($1) GROUP BY i.id ORDER BY i.id`,
      [imageIds],
    );
    return rows.map((row) => ({ imageId: Number(row.id), archived: row.archived, marks: row.marks }));
  });
}

/** `image.archived` of every image. */
export async function archivedFlags(url: string): Promise<ReadonlyMap<number, boolean | null>> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ id: string; archived: boolean | null }>('SELECT id, archived FROM image');
    return new Map(rows.map((row) => [Number(row.id), row.archived]));
  });
}

/** Removes all marks of archiving, and the flag, as someone does who cleans up by SQL. */
export async function loseMarks(url: string, flags: ReadonlyMap<number, boolean | null>): Promise<void> {
  await connected(url, async (client) => {
    await client.query(
      `DELETE FROM imageannotationlink WHERE child IN (SELECT id FROM annotation WHERE ns = 'archiving')`,
    );
    await client.query(
      `DELETE FROM annotation_mapvalue WHERE annotation_id IN (SELECT id FROM annotation WHERE ns = 'archiving')`,
    );
    await client.query(`DELETE FROM annotation WHERE ns = 'archiving'`);
    for (const [id, archived] of flags)
      await client.query('UPDATE image SET archived = $2 WHERE id = $1', [id, archived]);
  });
}

/** Makes an image one of OMERO 4: no fileset, and its pixels in `Pixels/`, owned by this user. Returns their path. */
export async function makeLegacy(url: string, dataDir: string, imageId: number, uid: number): Promise<string> {
  return connected(url, async (client) => {
    await client.query('UPDATE image SET fileset = NULL WHERE id = $1', [imageId]);
    const {
      rows: [row],
    } = await client.query<{ id: string }>(
      'UPDATE pixels SET path = NULL, name = NULL, repo = NULL WHERE image = $1 RETURNING id',
      [imageId],
    );
    const path = join(dataDir, 'Pixels', row!.id);
    writeFileSync(path, randomBytes(5000), { mode: 0o644 });
    chownSync(path, uid, uid);
    return path;
  });
}

/** Runs statements on a database. */
export async function connected<T>(url: string, act: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}
