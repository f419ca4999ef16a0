import type pg from 'pg';
import type { Identity, OmeroHash, RootName } from '@coldroom/domain';
import { formatIdentity } from '../db/rows';

export interface NewRequest {
  readonly ownerId: bigint;
  readonly owner: string;
  readonly groupId: bigint;
  readonly group: string;
  readonly requesterId: bigint;
  readonly requester: string;
  /** The policy that proposes it; its owner can object for so many days. */
  readonly proposal?: { readonly policy: string; readonly title: string; readonly objectionDays: number };
}

export interface NewImage {
  readonly imageId: bigint;
  readonly name: string;
  readonly fileset: string;
  readonly marked: boolean;
}

export interface Skip {
  readonly code: string;
  readonly reason: string;
}

export interface NewFile {
  readonly fileset: string;
  readonly root: RootName;
  readonly path: Buffer;
  readonly display: string;
  readonly size: bigint;
  readonly originalFileId: bigint | null;
  readonly pixelsId: bigint | null;
  readonly omeroHash: OmeroHash | null;
  /** What was seen on disk, or why the file is not taken. */
  readonly verdict: { readonly take: Identity } | { readonly skip: Skip };
}

/** Adds images to a request; those already in this request or another are left alone. Returns how many are new. */
export async function addImages(
  client: pg.ClientBase,
  requestId: bigint,
  images: readonly NewImage[],
): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO request_image (request_id, image_id, name, fileset, marked)
     SELECT $1, i.* FROM unnest($2::bigint[], $3::text[], $4::text[], $5::boolean[]) AS i(image_id, name, fileset, marked)
     ON CONFLICT DO NOTHING`,
    [
      requestId,
      images.map((i) => i.imageId),
      images.map((i) => i.name),
      images.map((i) => i.fileset),
      images.map((i) => i.marked),
    ],
  );
  return rowCount ?? 0;
}

/**
 * Adds files to a request; those already in it are left alone. A path that is in another request is skipped with code
 * `IN_ANOTHER_REQUEST`, a path that OMERO names twice with `PATH_TWICE`. Returns how many are new.
 */
export async function addFiles(client: pg.ClientBase, requestId: bigint, files: readonly NewFile[]): Promise<number> {
  const { rows } = await client.query<{ added: bigint }>(
    `WITH drafted AS (
       SELECT d.*, row_number() OVER (PARTITION BY root, path ORDER BY nr) AS nth
       FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::text[],
                   $11::text[], $12::text[], $13::text[])
         WITH ORDINALITY AS d(fileset, root, path, display, size, original_file_id, pixels_id, omero_algorithm, omero_hash, identity, code, reason, nr)
     ), judged AS (
       SELECT d.*, k.known_in
       FROM drafted d CROSS JOIN LATERAL (
         SELECT max(f.request_id) FILTER (WHERE f.phase NOT IN ('skipped', 'given up', 'restored')) AS known_in,
           bool_or(f.request_id = $1 AND f.fileset = d.fileset AND f.original_file_id IS NOT DISTINCT FROM d.original_file_id) AS own
         FROM file f WHERE f.root = d.root AND f.path = d.path) k
       WHERE k.own IS NOT TRUE
     ), added AS (
       INSERT INTO file (request_id, fileset, root, path, display, size, original_file_id, pixels_id, omero_algorithm, omero_hash, identity, state, code, reason)
       SELECT $1, fileset, root, path, display, size, original_file_id, pixels_id, omero_algorithm, omero_hash, identity,
         CASE WHEN code IS NULL AND nth = 1 AND known_in IS NULL THEN 'registered' ELSE 'skipped' END,
         CASE WHEN code IS NOT NULL THEN code WHEN nth > 1 OR known_in = $1 THEN 'PATH_TWICE' WHEN known_in IS NOT NULL THEN 'IN_ANOTHER_REQUEST' END,
         CASE WHEN code IS NOT NULL THEN reason WHEN nth > 1 OR known_in = $1 THEN 'OMERO names this path more than once'
              WHEN known_in IS NOT NULL THEN 'the file belongs to request ' || known_in END
       FROM judged ORDER BY nr RETURNING 1)
     SELECT count(*) AS added FROM added`,
    [
      requestId,
      files.map((f) => f.fileset),
      files.map((f) => f.root),
      files.map((f) => f.path),
      files.map((f) => f.display),
      files.map((f) => f.size),
      files.map((f) => f.originalFileId),
      files.map((f) => f.pixelsId),
      files.map((f) => f.omeroHash?.algorithm ?? null),
      files.map((f) => f.omeroHash?.value ?? null),
      files.map((f) => ('take' in f.verdict ? formatIdentity(f.verdict.take) : null)),
      files.map((f) => ('skip' in f.verdict ? f.verdict.skip.code : null)),
      files.map((f) => ('skip' in f.verdict ? f.verdict.skip.reason : null)),
    ],
  );
  return Number(rows[0]?.added);
}

/** Skips that do not prevent archiving the rest of the fileset: these bytes are not OMERO's own, or already safe. */
const harmlessSkips = ['ALREADY_A_LINK', 'HARD_LINKED'];

/**
 * A fileset is archived as a whole: if one of its files cannot be taken, none is. Returns how many were skipped for
 * that reason.
 */
export async function setAsideIncomplete(client: pg.ClientBase, requestId: bigint): Promise<number> {
  const { rowCount } = await client.query(
    // Materialized: with the statistics of a table that just grew, PostgreSQL would look them up again for each file.
    `WITH bad AS MATERIALIZED (
       SELECT DISTINCT ON (fileset) fileset, display, code FROM file
       WHERE request_id = $1 AND state = 'skipped' AND code <> ALL($2) AND code <> 'FILESET_INCOMPLETE' ORDER BY fileset, id)
     UPDATE file f SET state = 'skipped', code = 'FILESET_INCOMPLETE', reason = 'another file of this fileset cannot be taken: ' || bad.display || ' (' || bad.code || ')'
     FROM bad WHERE f.request_id = $1 AND f.state = 'registered' AND f.fileset = bad.fileset`,
    [requestId, harmlessSkips],
  );
  return rowCount ?? 0;
}
