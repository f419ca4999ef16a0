import type pg from 'pg';

/** What a person wrote about images when they marked them. */
export interface Note {
  /** The login of who wrote it. */
  readonly by: string;
  /** For how long the data has to be kept, as it was written: years, 0 for no end; empty if it says nothing. */
  readonly expiry: string;
  readonly description: string;
  readonly reason: string;
}

export interface NewNote extends Note {
  readonly imageIds: readonly bigint[];
}

export interface NoteListing extends Note {
  readonly images: number;
}

/** Keeps notes with the images of a request that they are about. */
export async function addNotes(client: pg.ClientBase, requestId: bigint, notes: readonly NewNote[]): Promise<void> {
  for (const { by, expiry, description, reason, imageIds } of notes)
    await client.query(
      `WITH note AS (
         INSERT INTO request_note (written_by, expiry, description, reason) VALUES ($3, $4, $5, $6) RETURNING id)
       UPDATE request_image SET note_id = note.id FROM note WHERE request_id = $1 AND image_id = ANY($2)`,
      [requestId, imageIds, by, expiry, description, reason],
    );
}

/** The notes of these requests, those for the most images first. */
export async function notesOf(
  pool: pg.Pool,
  requestIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, readonly NoteListing[]>> {
  const { rows } = await pool.query<NoteListing & { request: bigint }>(
    `SELECT i.request_id AS request, n.written_by AS by, n.expiry, n.description, n.reason, count(*)::int AS images
     FROM request_image i JOIN request_note n ON n.id = i.note_id WHERE i.request_id = ANY($1)
     GROUP BY i.request_id, n.id ORDER BY count(*) DESC, n.id`,
    [requestIds],
  );
  return new Map(
    [...Map.groupBy(rows, ({ request }) => request)].map(([id, notes]) => [
      id,
      notes.map(({ by, expiry, description, reason, images }) => ({ by, expiry, description, reason, images })),
    ]),
  );
}
