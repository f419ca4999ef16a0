import type pg from 'pg';
import type { CopyRead, Digests, Identity, OmeroHash, RootName } from '@coldroom/domain';
import { formatIdentity } from '../db/rows';

/** A file that the older tool has archived, and its copy as a full read found it. */
export interface AdoptedFile {
  readonly fileset: string;
  readonly root: RootName;
  readonly path: Buffer;
  readonly display: string;
  readonly originalFileId: bigint | null;
  readonly pixelsId: bigint | null;
  readonly omeroHash: OmeroHash | null;
  /** As the original is to be once it is restored. */
  readonly identity: Identity;
  readonly digests: Digests;
  readonly copyVersion: string;
  readonly copyRead: CopyRead;
  /** By how much the copy was proven. */
  readonly proof: string;
  readonly reason: string;
}

/** Their originals are gone, so the files are `released`. Those that are not proven twice have an event of their own. */
export async function insertAdopted(
  client: pg.ClientBase,
  requestId: bigint,
  bagId: bigint,
  files: readonly AdoptedFile[],
  by: string,
): Promise<void> {
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, what, to_state, detail) VALUES ($1, $2, $3, 'adopt', 'released', jsonb_build_object('files', $4::int))`,
    [by, requestId, bagId, files.length],
  );
  await client.query(
    `WITH added AS (
       INSERT INTO file (request_id, bag_id, fileset, root, path, display, size, original_file_id, pixels_id, omero_algorithm, omero_hash, state, identity, digests,
         copy_version, copy_digest, copy_read, copy_checked_at, linked_at, released_at)
       SELECT $1, $2, d.fileset, d.root, d.path, d.display, d.size, d.original_file_id, d.pixels_id, d.omero_algorithm, d.omero_hash, 'released', d.identity, d.digests::jsonb,
         d.copy_version, d.digests::jsonb->>'SHA-256', d.copy_read, now(), now(), now()
       FROM unnest($3::text[], $4::text[], $5::bytea[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
         AS d(fileset, root, path, display, size, original_file_id, pixels_id, omero_algorithm, omero_hash, identity, digests, copy_version, copy_read)
       RETURNING id, root, path)
     INSERT INTO event (actor, request_id, bag_id, file_id, what, to_state, code, detail)
     SELECT $16, $1, $2, added.id, 'adopt', 'released', p.proof, jsonb_build_object('reason', p.reason)
     FROM added JOIN unnest($4::text[], $5::bytea[], $17::text[], $18::text[]) AS p(root, path, proof, reason) USING (root, path) WHERE p.proof <> 'PROVEN'`,
    [
      requestId,
      bagId,
      files.map((f) => f.fileset),
      files.map((f) => f.root),
      files.map((f) => f.path),
      files.map((f) => f.display),
      files.map((f) => f.identity.size),
      files.map((f) => f.originalFileId),
      files.map((f) => f.pixelsId),
      files.map((f) => f.omeroHash?.algorithm ?? null),
      files.map((f) => f.omeroHash?.value ?? null),
      files.map((f) => formatIdentity({ ...f.identity, dev: 0n, ino: 0n, ctimeNs: 0n, links: 1 })),
      files.map((f) => JSON.stringify(f.digests)),
      files.map((f) => f.copyVersion),
      files.map((f) => f.copyRead),
      by,
      files.map((f) => f.proof),
      files.map((f) => f.reason),
    ],
  );
}
