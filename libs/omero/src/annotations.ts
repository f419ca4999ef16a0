import { Refused } from '@coldroom/domain';
import type { Session } from './session';

/** The namespace of all our annotations. */
export const namespace = 'archiving';
export const markNames = ['TO-ARCHIVE', 'ARCHIVE-PENDING', 'ARCHIVED', 'FROM-ARCHIVE'] as const;
export type MarkName = (typeof markNames)[number];
export const noteName = 'ARCHIVE NOTE';

export interface NewAnnotation {
  readonly ownerId: bigint;
  readonly groupId: bigint;
  readonly description: string;
  readonly values: readonly (readonly [name: string, value: string])[];
  readonly imageIds: readonly bigint[];
}

/**
 * Opens the one event under which a transaction writes, and makes it known to OMERO's triggers: otherwise each link
 * creates an event of its own. The event is root's, in the group of the images if there is only one.
 *
 * It belongs to session 0, OMERO's closed bootstrap session, as the events of OMERO's own triggers do: a session of our
 * own would need the right to write to the table whose uuids are login secrets.
 */
export async function openEvent(session: Session, groupIds: readonly bigint[]): Promise<bigint> {
  const [first, ...others] = new Set(groupIds);
  const [event] = await session.rows<{ id: bigint }>(
    `INSERT INTO event (id, permissions, status, time, experimenter, experimentergroup, session, type)
     SELECT ome_nextval('seq_event'), -820, 'COLDROOM', now() AT TIME ZONE 'UTC', r.root_user_id, coalesce($1, r.system_group_id), 0, t.id
       FROM _roles r, eventtype t WHERE t.value = 'Internal' RETURNING id`,
    [others.length === 0 ? first : null],
  );
  if (!event)
    throw new Refused(
      'OMERO_SCHEMA_UNKNOWN',
      "OMERO's database is not as expected: it has no roles, or no event type Internal.",
    );
  await session.rows('SELECT _prepare_session($1, r.root_user_id, coalesce($2, r.system_group_id)) FROM _roles r', [
    event.id,
    others.length === 0 ? first : null,
  ]);
  return event.id;
}

/** Map annotations with their links, each in the group of its images and with that group's permissions. */
export async function addAnnotations(
  session: Session,
  event: bigint,
  { namespace: ns, name }: { readonly namespace: string; readonly name: string | null },
  annotations: readonly NewAnnotation[],
): Promise<void> {
  const ids = (
    await session.rows<{ id: bigint }>(
      "SELECT ome_nextval('seq_annotation') AS id FROM generate_series(1, $1::integer)",
      [annotations.length],
    )
  ).map(({ id }) => id);
  const each = <T>(pick: (annotation: NewAnnotation, id: bigint) => readonly T[]): T[] =>
    annotations.flatMap((annotation, i) => pick(annotation, ids[i] as bigint));
  await session.rows(
    `INSERT INTO annotation (id, discriminator, ns, name, description, permissions, version, creation_id, update_id, owner_id, group_id)
     SELECT n.id, '/map/', $1, $2, n.description, g.permissions, 0, $3, $3, n.owner_id, g.id
       FROM unnest($4::bigint[], $5::text[], $6::bigint[], $7::bigint[]) AS n(id, description, owner_id, group_id)
       JOIN experimentergroup g ON g.id = n.group_id`,
    [ns, name, event, ids, each((a) => [a.description]), each((a) => [a.ownerId]), each((a) => [a.groupId])],
  );
  // Hibernate reads the values as a list: the indexes must run from 0 without a gap.
  await session.rows(
    'INSERT INTO annotation_mapvalue (annotation_id, name, value, index) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[])',
    [
      each((a, id) => a.values.map(() => id)),
      each((a) => a.values.map(([key]) => key)),
      each((a) => a.values.map(([, value]) => value)),
      each((a) => a.values.map((_value, index) => index)),
    ],
  );
  const links = await session.rows<{ id: bigint }>(
    `INSERT INTO imageannotationlink (id, parent, child, permissions, version, creation_id, update_id, owner_id, group_id)
     SELECT ome_nextval('seq_imageannotationlink'), n.parent, n.child, g.permissions, 0, $1, $1, n.owner_id, g.id
       FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS n(parent, child, owner_id, group_id)
       JOIN experimentergroup g ON g.id = n.group_id RETURNING id`,
    [
      event,
      each((a) => a.imageIds),
      each((a, id) => a.imageIds.map(() => id)),
      each((a) => a.imageIds.map(() => a.ownerId)),
      each((a) => a.imageIds.map(() => a.groupId)),
    ],
  );
  await logChanges(session, event, { action: 'INSERT', entityType: 'ome.model.annotations.MapAnnotation', ids });
  await logChanges(session, event, {
    action: 'INSERT',
    entityType: 'ome.model.annotations.ImageAnnotationLink',
    ids: links.map(({ id }) => id),
  });
}

/** Deletes links, then those annotations of ours that are no longer linked to anything. */
export async function dropLinks(session: Session, event: bigint, linkIds: readonly bigint[]): Promise<void> {
  if (linkIds.length === 0) return;
  const dropped = await session.rows<{ id: bigint; child: bigint }>(
    'DELETE FROM imageannotationlink WHERE id = ANY ($1) RETURNING id, child',
    [linkIds],
  );
  await logChanges(session, event, {
    action: 'DELETE',
    entityType: 'ome.model.annotations.ImageAnnotationLink',
    ids: dropped.map(({ id }) => id),
  });
  const left = await session.rows<{ id: bigint }>(
    `SELECT a.id FROM annotation a
      WHERE a.id = ANY ($1) AND a.discriminator = '/map/' AND a.ns = $2 AND a.name = ANY ($3)
        AND NOT EXISTS (SELECT FROM imageannotationlink l WHERE l.child = a.id) ORDER BY a.id`,
    [dropped.map(({ child }) => child), namespace, [...markNames, noteName]],
  );
  const deleted = await deleteUnlinked(
    session,
    left.map(({ id }) => id),
  );
  await logChanges(session, event, {
    action: 'DELETE',
    entityType: 'ome.model.annotations.MapAnnotation',
    ids: deleted,
  });
}

const foreignKeyViolation = '23503';

/**
 * A user may have linked an annotation elsewhere, for example to a dataset. The foreign keys show it; such an
 * annotation stays.
 */
async function deleteUnlinked(session: Session, ids: readonly bigint[]): Promise<readonly bigint[]> {
  if (ids.length === 0) return [];
  try {
    await session.attempt(() => session.rows('DELETE FROM annotation WHERE id = ANY ($1)', [ids]));
    return ids;
  } catch (error) {
    if ((error as { code?: unknown }).code !== foreignKeyViolation) throw error;
    if (ids.length === 1) return [];
  }
  const half = ids.length >> 1;
  return [...(await deleteUnlinked(session, ids.slice(0, half))), ...(await deleteUnlinked(session, ids.slice(half)))];
}

/** What was done to rows of one type. */
export interface Changes {
  readonly action: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly entityType: 'ome.model.core.Image' | `ome.model.annotations.${'MapAnnotation' | 'ImageAnnotationLink'}`;
  readonly ids: readonly bigint[];
}

/** OMERO's audit trail, as the server itself would write it. */
export async function logChanges(session: Session, event: bigint, { action, entityType, ids }: Changes): Promise<void> {
  if (ids.length === 0) return;
  await session.rows(
    `INSERT INTO eventlog (id, permissions, action, entitytype, entityid, event)
     SELECT ome_nextval('seq_eventlog'), -35, $1, $2, id, $3 FROM unnest($4::bigint[]) AS id`,
    [action, entityType, event, ids],
  );
}
