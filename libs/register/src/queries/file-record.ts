import type pg from 'pg';
import type { Retrieval } from '@coldroom/domain';
import { toEvent, toListing, type EventListing, type FileListing } from './listings';

/** A copy in a store, and how it was proven. */
export interface CopyRecord {
  readonly store: string;
  /** What the store calls this version of it. */
  readonly version: string;
  readonly digest: string | null;
  /** How it was read when it was compared. */
  readonly read: string | null;
  /** When it was last read and compared. */
  readonly checkedAt: Date | null;
  /** What was wrong with it then. */
  readonly fault: string | null;
}

/** Everything the register knows of one file. */
export interface FileRecord extends FileListing {
  /** Whose its request is. */
  readonly ownerId: bigint;
  readonly requesterId: bigint;
  readonly groupId: bigint;
  readonly copies: readonly CopyRecord[];
  /** When its original is due to be removed, if it is held. */
  readonly heldUntil: Date | null;
  readonly releasedAt: Date | null;
  readonly retrieval: { readonly id: bigint; readonly way: Retrieval | null; readonly by: string | null } | null;
  readonly onlineUntil: Date | null;
  /** The first images of its fileset, and how many there are. */
  readonly images: readonly { readonly id: bigint; readonly name: string }[];
  readonly imageCount: number;
}

const imageLimit = 5;

export async function fileRecord(pool: pg.Pool, id: bigint): Promise<FileRecord | undefined> {
  const { rows } = await pool.query(
    `SELECT f.*, b.name AS bag, b.store, b.moving_to, CASE WHEN f.state = 'linked' AND f.released_at IS NULL AND b.state = 'linked' THEN b.not_before END AS held_until,
       r.owner_id, r.requester_id, r.group_id,
       (SELECT count(*)::int FROM request_image i WHERE i.request_id = f.request_id AND i.fileset = f.fileset) AS image_count,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.image_id::text, 'name', i.name)), '[]') FROM (
          SELECT image_id, name FROM request_image WHERE request_id = f.request_id AND fileset = f.fileset ORDER BY image_id LIMIT ${imageLimit}) i) AS images
     FROM file f JOIN request r ON r.id = f.request_id LEFT JOIN bag b ON b.id = f.bag_id WHERE f.id = $1`,
    [id],
  );
  return rows.map(toRecord)[0];
}

function toRecord(row: pg.QueryResultRow): FileRecord {
  return {
    ...toListing(row),
    ownerId: row.owner_id,
    requesterId: row.requester_id,
    groupId: row.group_id,
    copies: copiesOf(row),
    heldUntil: row.held_until,
    releasedAt: row.released_at,
    retrieval:
      row.retrieval_event === null
        ? null
        : { id: row.retrieval_event, way: row.retrieval, by: row.retrieval_requested_by },
    onlineUntil: row.online_until,
    images: row.images.map(({ id, name }: { id: string; name: string }) => ({ id: BigInt(id), name })),
    imageCount: row.image_count,
  };
}

function copiesOf(row: pg.QueryResultRow): readonly CopyRecord[] {
  const here = row.copy_version !== null &&
    row.store !== null && {
      store: row.store,
      version: row.copy_version,
      digest: row.copy_digest,
      read: row.copy_read,
      checkedAt: row.copy_checked_at,
      fault: row.copy_fault,
    };
  const there = row.moved_version !== null &&
    row.moving_to !== null && {
      store: row.moving_to,
      version: row.moved_version,
      digest: row.moved_digest,
      read: row.moved_read,
      checkedAt: row.moved_checked_at,
      fault: null,
    };
  return [here, there].filter((each): each is CopyRecord => each !== false);
}

/** The newest events of a file, of its bag, and of its request as a whole; newest first. */
export async function eventsOfFile(pool: pg.Pool, id: bigint, limit: number): Promise<readonly EventListing[]> {
  const newest = (condition: string): string =>
    `(SELECT e.* FROM event e WHERE ${condition} ORDER BY e.id DESC LIMIT $2)`;
  const { rows } = await pool.query(
    `SELECT * FROM (${[
      newest('e.file_id = $1'),
      newest('e.bag_id = (SELECT bag_id FROM file WHERE id = $1) AND e.file_id IS NULL'),
      newest('e.request_id = (SELECT request_id FROM file WHERE id = $1) AND e.bag_id IS NULL AND e.file_id IS NULL'),
    ].join(' UNION ALL ')}) e ORDER BY id DESC LIMIT $2`,
    [id, limit],
  );
  return rows.map(toEvent);
}
