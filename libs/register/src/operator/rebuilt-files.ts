import type pg from 'pg';
import { formatIdentity } from '../db/rows';
import type { RebuiltBag } from './rebuilt-bag';

/** The link that replaced the file is missing: another bag whose file has its link takes precedence. */
const linkMissing = 'LINK_MISSING';

/**
 * A path is in one bag only. A file here that has its link, or is the newer of two copies without a link, takes
 * precedence over a file without a link in an older bag.
 */
export async function giveWay(client: pg.ClientBase, { files, date }: RebuiltBag): Promise<void> {
  const live = files.filter((file) => file.state !== 'skipped');
  const { rows } = await client.query<{ request_id: bigint; fileset: string }>(
    `UPDATE file f SET state = 'skipped', code = 'ARCHIVED_IN_ANOTHER_BAG', reason = 'another bag has the copy that counts'
     FROM unnest($1::text[], $2::bytea[], $3::boolean[]) AS mine(root, path, has_link), bag old
     WHERE f.root = mine.root AND f.path = mine.path AND f.state = 'released' AND f.code = '${linkMissing}' AND old.id = f.bag_id
       AND (mine.has_link OR old.sealed_at < $4)
     RETURNING f.request_id, f.fileset`,
    [live.map((file) => file.root), live.map((file) => file.path), live.map((file) => file.code !== linkMissing), date],
  );
  if (rows.length === 0) return;
  await client.query(
    `UPDATE request_image i SET mark_wanted = 'none', mark_written = 'none' FROM unnest($1::bigint[], $2::text[]) AS gone(request_id, fileset)
     WHERE i.request_id = gone.request_id AND i.fileset = gone.fileset
       AND NOT EXISTS (SELECT FROM file f WHERE f.request_id = i.request_id AND f.fileset = i.fileset AND f.phase <> 'skipped')`,
    [rows.map((row) => row.request_id), rows.map((row) => row.fileset)],
  );
}

export async function addFiles(
  client: pg.ClientBase,
  requestId: bigint,
  bagId: bigint,
  { files, date }: RebuiltBag,
): Promise<void> {
  await client.query(
    `WITH described AS (
       SELECT d.*, EXISTS (SELECT FROM file f WHERE f.root = d.root AND f.path = d.path AND f.phase NOT IN ('skipped', 'given up', 'restored')) AS elsewhere,
         d.state = 'linked' AND EXISTS (SELECT FROM file f WHERE f.id = d.held) AS number_taken
       FROM unnest($4::text[], $5::text[], $6::bytea[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[],
                   $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::bigint[])
         AS d(fileset, root, path, display, size, original_file_id, pixels_id, omero_algorithm, omero_hash, identity, unheld_identity, digests,
              copy_version, copy_fault, state, code, reason, held)
     ), judged AS (
       SELECT d.*, CASE WHEN state = 'skipped' OR elsewhere THEN 'skipped' WHEN number_taken THEN 'released' ELSE state END AS state_now FROM described d)
     INSERT INTO file (id, request_id, bag_id, fileset, root, path, display, size, original_file_id, pixels_id, omero_algorithm, omero_hash,
       state, code, reason, identity, digests, copy_version, copy_fault, linked_at, released_at)
     OVERRIDING SYSTEM VALUE
     SELECT CASE WHEN state_now = 'linked' THEN held ELSE nextval(pg_get_serial_sequence('file', 'id')) END,
       $1, $2, fileset, root, path, display, size, original_file_id, pixels_id, omero_algorithm, omero_hash, state_now,
       CASE WHEN state_now = state THEN code WHEN elsewhere THEN 'ARCHIVED_IN_ANOTHER_BAG' ELSE 'HELD_NOT_KNOWN' END,
       CASE WHEN state_now = state THEN reason WHEN elsewhere THEN 'another bag has the copy that counts' ELSE 'its original is held under the number ' || held || ', which another file has' END,
       CASE WHEN state_now = 'linked' THEN identity ELSE unheld_identity END, digests::jsonb, copy_version, copy_fault,
       CASE state_now WHEN 'linked' THEN now() WHEN 'released' THEN $3::timestamptz END, CASE state_now WHEN 'released' THEN now() END
     FROM judged`,
    [
      requestId,
      bagId,
      date,
      files.map((f) => f.fileset),
      files.map((f) => f.root),
      files.map((f) => f.path),
      files.map((f) => f.display),
      files.map((f) => f.identity.size),
      files.map((f) => f.originalFileId),
      files.map((f) => f.pixelsId),
      files.map((f) => f.omeroHash?.algorithm ?? null),
      files.map((f) => f.omeroHash?.value ?? null),
      files.map((f) => formatIdentity(f.identity)),
      files.map((f) => formatIdentity({ ...f.identity, dev: 0n, ino: 0n, ctimeNs: 0n, links: 1 })),
      files.map((f) => JSON.stringify(f.digests)),
      files.map((f) => f.copyVersion),
      files.map((f) => f.copyFault),
      files.map((f) => f.state),
      files.map((f) => f.code),
      files.map((f) => f.reason),
      files.map((f) => f.heldAs),
    ],
  );
}

/**
 * Images of filesets that are archived; their marks are written to OMERO again. OMERO does not need to know of files
 * that are only in a bag.
 */
export async function addImages(
  client: pg.ClientBase,
  requestId: bigint,
  bagId: bigint,
  { images }: RebuiltBag,
): Promise<void> {
  await client.query(
    `INSERT INTO request_image (request_id, image_id, name, fileset, marked, mark_wanted)
     SELECT DISTINCT $1::bigint, i.image_id, 'Image:' || i.image_id, i.fileset, true, 'archived' FROM unnest($3::bigint[], $4::text[]) AS i(image_id, fileset)
     WHERE EXISTS (SELECT FROM file f WHERE f.bag_id = $2 AND f.fileset = i.fileset AND f.phase <> 'skipped')
     ON CONFLICT DO NOTHING`,
    [requestId, bagId, images.map((image) => image.imageId), images.map((image) => image.fileset)],
  );
}
