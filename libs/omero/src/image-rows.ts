import { logChanges, namespace, type MarkName, type noteName } from './annotations';
import type { Session } from './session';

/** OMERO's search reindexes every image whose links change: more at once would delay it. */
export const imagesPerCall = 1000;

export interface LockedImage {
  id: bigint;
  owner: bigint;
  group: bigint;
  archived: boolean | null;
}

export interface StandingMark {
  link: bigint;
  image: bigint;
  name: MarkName | typeof noteName;
  before: string | null;
}

/** The key under which an ARCHIVED mark keeps the image's earlier `image.archived`. */
export const beforeKey = 'Archived before';

/**
 * Locks the images against being deleted, moved or marked by another call until the transaction ends; in id order, so
 * that two calls wait for each other instead of deadlocking. New links by others, which only need the key, are not
 * blocked.
 */
export async function lockImages(session: Session, ids: readonly bigint[]): Promise<Map<bigint, LockedImage>> {
  if (ids.length > imagesPerCall)
    throw new RangeError(`${ids.length} images in one call, at most ${imagesPerCall} are allowed`);
  const rows = await session.rows<LockedImage>(
    'SELECT id, owner_id AS owner, group_id AS group, archived FROM image WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE',
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Read after the lock, by a separate statement: it sees what an earlier call has committed. */
export function standingMarks(
  session: Session,
  imageIds: readonly bigint[],
  names: readonly string[],
): Promise<StandingMark[]> {
  return session.rows<StandingMark>(
    `SELECT l.id AS link, l.parent AS image, a.name, (SELECT v.value FROM annotation_mapvalue v WHERE v.annotation_id = a.id AND v.name = $4) AS before
       FROM imageannotationlink l JOIN annotation a ON a.id = l.child
      WHERE l.parent = ANY ($1) AND a.discriminator = '/map/' AND a.ns = $2 AND a.name = ANY ($3) ORDER BY l.id`,
    [imageIds, namespace, names, beforeKey],
  );
}

/** The version shows the change to a server that holds the old row. */
export async function setArchived(
  session: Session,
  event: bigint,
  values: readonly (readonly [imageId: bigint, archived: boolean | null])[],
): Promise<void> {
  if (values.length === 0) return;
  const changed = await session.rows<{ id: bigint }>(
    `UPDATE image i SET archived = n.archived, version = coalesce(i.version, 0) + 1, update_id = $1
       FROM unnest($2::bigint[], $3::boolean[]) AS n(id, archived)
      WHERE i.id = n.id AND i.archived IS DISTINCT FROM n.archived RETURNING i.id`,
    [event, values.map(([id]) => id), values.map(([, archived]) => archived)],
  );
  await logChanges(session, event, {
    action: 'UPDATE',
    entityType: 'ome.model.core.Image',
    ids: changed.map(({ id }) => id),
  });
}
