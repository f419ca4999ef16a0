import type pg from 'pg';
import { Refused, type Digests, type Identity, type OmeroHash, type RootName } from '@coldroom/domain';
import { lockRequests, transaction } from '../db/connection';
import { leastState } from '../transitions/apply-transitions';
import { formatIdentity } from '../db/rows';

/** A file as its bag describes it, and what was found about it. */
export interface RebuiltFile {
  readonly fileset: string;
  readonly root: RootName;
  readonly path: Buffer;
  readonly display: string;
  readonly originalFileId: bigint | null;
  readonly pixelsId: bigint | null;
  readonly omeroHash: OmeroHash | null;
  /** As recorded in the bag; for a held original, as it is on disk. */
  readonly identity: Identity;
  readonly digests: Digests;
  readonly copyVersion: string | null;
  /** Why the store's copy cannot be right, or null. */
  readonly copyFault: string | null;
  readonly state: 'released' | 'linked' | 'skipped';
  /** Required for `skipped`; for the others it names what is wrong. */
  readonly code: string | null;
  readonly reason: string | null;
  /** Its former number in the register, from the name of its held original. */
  readonly heldAs: bigint | null;
}

export interface RebuiltBag {
  readonly name: string;
  readonly store: string;
  readonly date: Date;
  /** The number that its request had, if the bag records it. */
  readonly requestNumber: bigint | null;
  readonly owner: string;
  readonly ownerId: bigint;
  readonly group: string;
  readonly groupId: bigint;
  readonly requester: string;
  readonly requesterId: bigint;
  readonly images: readonly { readonly imageId: bigint; readonly fileset: string }[];
  readonly files: readonly RebuiltFile[];
}

/**
 * The result for a bag: `known` if the register has it already, `later` if its request must wait until all numbered
 * requests have their numbers.
 */
export type RebuildAnswer = 'known' | 'later' | { readonly requestId: bigint };

/** The link that replaced the file is missing: another bag whose file has its link takes precedence. */
const linkMissing = 'LINK_MISSING';

/** Fills an empty register from bags, each in one transaction: starting again after a crash continues the rebuild. */
export class Rebuild {
  constructor(private readonly pool: pg.Pool) {}

  /** `Refused` `REGISTER_NOT_EMPTY` if there are requests that did not come from a rebuild. */
  async checkEmpty(): Promise<void> {
    const {
      rows: [row],
    } = await this.pool.query<{ requests: number }>(
      `SELECT count(*)::int AS requests FROM request r WHERE NOT EXISTS (SELECT FROM event e WHERE e.request_id = r.id AND e.bag_id IS NULL AND e.what = 'rebuild')`,
    );
    if (row?.requests === 0) return;
    throw new Refused(
      'REGISTER_NOT_EMPTY',
      `The register has ${row?.requests} requests that were made by people; only an empty register can be rebuilt. Name another database in REGISTER_DATABASE_URL`,
    );
  }

  async knows(bag: string): Promise<boolean> {
    const { rowCount } = await this.pool.query('SELECT FROM bag WHERE name = $1', [bag]);
    return (rowCount ?? 0) > 0;
  }

  /** How many files of a bag have held originals. */
  async heldFiles(bag: string): Promise<number> {
    const {
      rows: [row],
    } = await this.pool.query<{ files: number }>(
      `SELECT count(*)::int AS files FROM file f JOIN bag b ON b.id = f.bag_id WHERE b.name = $1 AND f.state = 'linked'`,
      [bag],
    );
    return row?.files ?? 0;
  }

  /** New files get numbers above this one: names in the hold directories are numbers of an older register. */
  async numberFilesAbove(id: bigint): Promise<void> {
    await advance(this.pool, 'file', id);
  }

  /**
   * Writes a bag with its files, images and request. A request keeps its number if that is free. One without a number,
   * or whose number another request has, is `later` until `last` is set.
   */
  async add(bag: RebuiltBag, by: string, last: boolean): Promise<RebuildAnswer> {
    return transaction(this.pool, async (client) => {
      await client.query(`SELECT pg_advisory_xact_lock(hashtext('coldroom rebuild bag'))`); // two bags that find no request would create two
      const { rowCount } = await client.query('SELECT FROM bag WHERE name = $1', [bag.name]);
      if (rowCount) return 'known';
      const requestId = await requestOf(client, bag, by, last);
      if (requestId === undefined) return 'later';
      await lockRequests(client, [requestId]);
      const {
        rows: [made],
      } = await client.query<{ id: bigint }>(
        `INSERT INTO bag (request_id, name, store, state, files, bytes, created_at, sealed_at) VALUES ($1, $2, $3, 'done', $4, $5, $6, $6) RETURNING id`,
        [
          requestId,
          bag.name,
          bag.store,
          bag.files.length,
          bag.files.reduce((sum, file) => sum + file.identity.size, 0n),
          bag.date,
        ],
      );
      const bagId = (made as { id: bigint }).id;
      await giveWay(client, bag);
      await addFiles(client, requestId, bagId, bag);
      await client.query(`UPDATE bag SET state = ${leastState} WHERE id = $1`, [bagId]);
      await addImages(client, requestId, bagId, bag);
      await tell(client, requestId, bagId, by);
      return { requestId };
    });
  }
}

async function requestOf(
  client: pg.ClientBase,
  bag: RebuiltBag,
  by: string,
  last: boolean,
): Promise<bigint | undefined> {
  const {
    rows: [known],
  } = await client.query<{ id: bigint }>(
    `SELECT r.id FROM request r WHERE r.owner = $1 AND r.group_name = $2 AND EXISTS (
       SELECT FROM event e WHERE e.request_id = r.id AND e.bag_id IS NULL AND e.what = 'rebuild' AND e.detail->>'number' IS NOT DISTINCT FROM $3)
     ORDER BY r.id LIMIT 1`,
    [bag.owner, bag.group, bag.requestNumber?.toString() ?? null],
  );
  if (bag.requestNumber !== null && known) return known.id;
  if (bag.requestNumber !== null) {
    const { rowCount } = await client.query('SELECT FROM request WHERE id = $1', [bag.requestNumber]);
    if (!rowCount) return makeRequest(client, bag, by, bag.requestNumber);
  }
  if (!last) return undefined;
  if (bag.requestNumber === null) {
    // A retry's bag: its request is the one that has more of the same filesets.
    const {
      rows: [related],
    } = await client.query<{ id: bigint }>(
      `SELECT r.id FROM request r WHERE r.owner = $1 AND r.group_name = $2 AND EXISTS (SELECT FROM file f WHERE f.request_id = r.id AND f.fileset = ANY($3))
       ORDER BY r.id LIMIT 1`,
      [bag.owner, bag.group, [...new Set(bag.files.map((file) => file.fileset))]],
    );
    const found = related ?? known;
    if (found) return found.id;
  }
  return makeRequest(client, bag, by, null);
}

async function makeRequest(client: pg.ClientBase, bag: RebuiltBag, by: string, id: bigint | null): Promise<bigint> {
  const {
    rows: [row],
  } = await client.query<{ id: bigint }>(
    `INSERT INTO request (id, state, owner_id, owner, group_id, group_name, requester_id, requester, created_at)
     OVERRIDING SYSTEM VALUE VALUES (coalesce($1, nextval(pg_get_serial_sequence('request', 'id'))), 'Finished', $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
    [id, bag.ownerId, bag.owner, bag.groupId, bag.group, bag.requesterId, bag.requester, bag.date],
  );
  const requestId = (row as { id: bigint }).id;
  if (id !== null) await advance(client, 'request', id);
  await client.query(
    `INSERT INTO event (actor, request_id, what, to_state, detail) VALUES ($1, $2, 'rebuild', 'Finished', jsonb_build_object('number', $3::text, 'bag', $4::text))`,
    [by, requestId, bag.requestNumber?.toString() ?? null, bag.name],
  );
  return requestId;
}

/**
 * A path is in one bag only. A file here that has its link, or is the newer of two copies without a link, takes
 * precedence over a file without a link in an older bag.
 */
async function giveWay(client: pg.ClientBase, { files, date }: RebuiltBag): Promise<void> {
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

async function addFiles(
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
async function addImages(
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

async function tell(client: pg.ClientBase, requestId: bigint, bagId: bigint, by: string): Promise<void> {
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, what, to_state, detail)
     SELECT $1, $2, $3, 'rebuild', state, jsonb_build_object('files', count(*)) FROM file WHERE bag_id = $3 GROUP BY state`,
    [by, requestId, bagId],
  );
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, file_id, what, to_state, code, detail)
     SELECT $1, $2, $3, id, 'rebuild', state, coalesce(code, copy_fault), jsonb_build_object('reason', reason, 'copy', copy_fault)
     FROM file WHERE bag_id = $3 AND (code IS NOT NULL OR copy_fault IS NOT NULL)`,
    [by, requestId, bagId],
  );
}

async function advance(sql: Pick<pg.ClientBase, 'query'>, table: 'request' | 'file', id: bigint): Promise<void> {
  if (id < 1n) return;
  await sql.query(
    `SELECT setval(pg_get_serial_sequence($1, 'id'), greatest($2::bigint, (SELECT coalesce(max(id), 0) FROM ${table}), (SELECT last_value FROM ${table}_id_seq)))`,
    [table, id],
  );
}
