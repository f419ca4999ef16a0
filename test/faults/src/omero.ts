import { randomBytes } from 'node:crypto';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

export interface ImageMarks {
  readonly imageId: number;
  readonly archived: boolean | null;
  readonly marks: readonly string[];
}

/** What OMERO says of images: every mark as often as it is linked. */
export async function archivedMarks(url: string, imageIds: readonly number[]): Promise<readonly ImageMarks[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; archived: boolean | null; marks: string[] }>(
      `SELECT i.id, i.archived, array_agg(a.name ORDER BY a.name) AS marks FROM image i
       JOIN imageannotationlink l ON l.parent = i.id JOIN annotation a ON a.id = l.child AND a.ns = 'archiving'
       WHERE i.id = ANY($1) GROUP BY i.id ORDER BY i.id`, [imageIds]);
    return rows.map((row) => ({ imageId: Number(row.id), archived: row.archived, marks: row.marks }));
  } finally {
    await client.end();
  }
}

/** Makes an image one of OMERO 4: no fileset, and its pixels in `Pixels/`, of this user. Gives their path. */
export async function makeLegacy(url: string, dataDir: string, imageId: number, uid: number): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('UPDATE image SET fileset = NULL WHERE id = $1', [imageId]);
    const { rows: [row] } = await client.query<{ id: string }>('UPDATE pixels SET path = NULL, name = NULL, repo = NULL WHERE image = $1 RETURNING id', [imageId]);
    const path = join(dataDir, 'Pixels', row!.id);
    writeFileSync(path, randomBytes(5000), { mode: 0o644 });
    chownSync(path, uid, uid);
    return path;
  } finally {
    await client.end();
  }
}
