import type pg from 'pg';
import { lockRequests, transaction } from '../db/connection';
import type { MarkState } from '../requests/marks';
import type { Page } from './audited-files';

/** An image whose marks are written, according to the register. */
export interface AuditedImage {
  readonly requestId: bigint;
  readonly imageId: bigint;
  readonly fileset: string;
  readonly groupId: bigint;
  readonly requesterId: bigint;
  readonly requester: string;
  readonly mark: MarkState;
  /** `image.archived` before Coldroom set it; also null if Coldroom never did. */
  readonly archivedBefore: boolean | null;
  /** Who confirmed that it was deleted in OMERO on purpose, or null. */
  readonly deletionKnownBy: string | null;
}

/** The image after which a page begins. */
export type PageStart = readonly [requestId: bigint, imageId: bigint];
export const firstPage: PageStart = [0n, 0n];

/** OMERO may take some time to get a lock while the register's rows are locked. */
const markIdleSeconds = 120;

/**
 * Of the next images after this one, those for which OMERO should still show what was written to it. An image that is
 * no longer archived is included only if Coldroom is known to have set `image.archived`: OMERO 4 set it, too, with
 * another meaning.
 */
export async function auditedImages(
  pool: pg.Pool,
  after: PageStart,
  limit = 1000,
): Promise<Page<AuditedImage, PageStart>> {
  const { rows } = await pool.query<AuditedImage & { settled: boolean }>(
    `SELECT i.request_id AS "requestId", i.image_id AS "imageId", i.fileset, r.group_id AS "groupId", r.requester_id AS "requesterId", r.requester,
       i.mark_wanted AS mark, i.archived_before AS "archivedBefore", i.deletion_known_by AS "deletionKnownBy",
       i.mark_written IS NOT DISTINCT FROM i.mark_wanted AND (i.mark_wanted <> 'none' OR (
         r.state <> 'Declined' AND NOT EXISTS (SELECT FROM request_image later WHERE later.image_id = i.image_id AND later.request_id > i.request_id)
         AND (i.archived_before IS NOT NULL OR (i.fileset LIKE 'Fileset:%' AND EXISTS (SELECT FROM file f
           WHERE f.request_id = i.request_id AND f.fileset = i.fileset AND f.linked_at IS NOT NULL AND f.state IN ('undone', 'restored')))))) AS settled
     FROM (SELECT * FROM request_image WHERE (request_id, image_id) > ($1, $2) ORDER BY request_id, image_id LIMIT $3) i
     JOIN request r ON r.id = i.request_id ORDER BY i.request_id, i.image_id`,
    [...after, limit],
  );
  const last = rows.at(-1);
  return {
    rows: rows.filter((row) => row.settled).map(({ settled: _, ...row }) => row),
    next: last && [last.requestId, last.imageId],
  };
}

/** Those whose entry in the register is the same as when they were read. */
export async function stillSettled(pool: pg.Pool, images: readonly AuditedImage[]): Promise<readonly AuditedImage[]> {
  return settled(pool, images, '');
}

/** Runs `work` for those that are still settled; their wanted marks cannot change until `work` is done. */
export async function whileSettled<T>(
  pool: pg.Pool,
  images: readonly AuditedImage[],
  work: (settled: readonly AuditedImage[]) => Promise<T>,
): Promise<T> {
  return transaction(pool, async (client) => work(await settled(client, images, 'FOR UPDATE OF i')), markIdleSeconds);
}

/**
 * Of these images, those that are archived according to the register, and who acknowledged already that OMERO lacks
 * them.
 */
export async function archivedImages(
  pool: pg.Pool,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, { readonly deletionKnownBy: string | null }>> {
  const { rows } = await pool.query<{ id: bigint; deletionKnownBy: string | null }>(
    `SELECT image_id AS id, deletion_known_by AS "deletionKnownBy" FROM request_image WHERE image_id = ANY($1) AND mark_wanted = 'archived'`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Records who confirmed that these images were deleted in OMERO on purpose. Nothing else changes: they stay archived.
 * Returns the number of images.
 */
export async function acknowledgeDeleted(pool: pg.Pool, ids: readonly bigint[], by: string): Promise<number> {
  return transaction(pool, async (client) => {
    const { rows: requests } = await client.query<{ id: bigint }>(
      'SELECT DISTINCT request_id AS id FROM request_image WHERE image_id = ANY($1)',
      [ids],
    );
    await lockRequests(
      client,
      requests.map((row) => row.id),
    );
    const {
      rows: [row],
    } = await client.query<{ images: number }>(
      `WITH known AS (
         UPDATE request_image SET deletion_known_by = $2 WHERE image_id = ANY($1) AND mark_wanted = 'archived' AND deletion_known_by IS NULL RETURNING request_id, image_id
       ), recorded AS (
         INSERT INTO event (actor, request_id, what, detail)
         SELECT $2, request_id, 'deletion acknowledged', jsonb_build_object('images', array_agg(image_id ORDER BY image_id)) FROM known GROUP BY request_id)
       SELECT count(*)::int AS images FROM known`,
      [ids, by],
    );
    return row?.images ?? 0;
  });
}

async function settled(
  client: pg.Pool | pg.ClientBase,
  images: readonly AuditedImage[],
  lock: string,
): Promise<readonly AuditedImage[]> {
  const { rows } = await client.query<{ nr: bigint }>(
    `SELECT w.nr FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY AS w(request_id, image_id, mark, nr)
     JOIN request_image i ON i.request_id = w.request_id AND i.image_id = w.image_id AND i.mark_wanted = w.mark AND i.mark_written = w.mark
     ORDER BY i.request_id, i.image_id ${lock}`,
    [images.map((image) => image.requestId), images.map((image) => image.imageId), images.map((image) => image.mark)],
  );
  return rows.map((row) => images[Number(row.nr) - 1] as AuditedImage);
}
