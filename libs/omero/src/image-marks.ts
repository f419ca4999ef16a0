import type { Session } from './session';
import {
  addAnnotations,
  dropLinks,
  logChanges,
  type MarkName,
  markNames,
  namespace,
  type NewAnnotation,
  noteName,
  openEvent,
} from './annotations';
import type { Person } from './people';

/** OMERO's search reindexes every image whose links change: more at once would delay it. */
export const imagesPerCall = 1000;

export interface ImageMark {
  readonly imageId: bigint;
  /** The group in which the image was last seen. */
  readonly groupId: bigint;
  readonly requester: Person;
  /**
   * `image.archived` before an earlier mark of ours that is gone: a new ARCHIVED keeps this instead of the current
   * value.
   */
  readonly archivedBefore?: boolean | null;
}

export interface MarkOutcome {
  readonly imageId: bigint;
  /**
   * `already`: the mark (or, for pending, ARCHIVED) existed and was not touched. `gone`: the image no longer exists.
   */
  readonly outcome: 'marked' | 'already' | 'gone';
  /** The image's group now, in which the mark was put. */
  readonly groupId: bigint | null;
  /** The image is in another group than when it was last seen. */
  readonly moved: boolean;
  /**
   * `image.archived` before our ARCHIVED mark, even if that existed already (the mark keeps it); undefined: not known.
   */
  readonly archivedBefore: boolean | null | undefined;
}

export interface ClearOutcome {
  readonly imageId: bigint;
  readonly outcome: 'cleared' | 'already' | 'gone';
}

interface LockedImage {
  id: bigint;
  owner: bigint;
  group: bigint;
  archived: boolean | null;
}

interface StandingMark {
  link: bigint;
  image: bigint;
  name: MarkName | typeof noteName;
  before: string | null;
}

const beforeKey = 'Archived before';
const beforeWords: ReadonlyMap<boolean | null, string> = new Map([
  [true, 'True'],
  [false, 'False'],
  [null, 'Unset'],
]);

/**
 * Puts `name` on images that do not have it and removes the marks that it replaces. Writes nothing where nothing
 * changes.
 */
export async function setMark(
  session: Session,
  name: 'ARCHIVE-PENDING' | 'ARCHIVED',
  marks: readonly ImageMark[],
): Promise<MarkOutcome[]> {
  const images = await lockImages(
    session,
    marks.map(({ imageId }) => imageId),
  );
  const standing = await standingMarks(session, [...images.keys()], markNames);
  // Archived images do not become pending again.
  const enough: readonly string[] = name === 'ARCHIVED' ? ['ARCHIVED'] : ['ARCHIVE-PENDING', 'ARCHIVED'];
  const over: readonly string[] = name === 'ARCHIVED' ? ['TO-ARCHIVE', 'ARCHIVE-PENDING'] : ['TO-ARCHIVE'];
  const stands = new Map(standing.filter((mark) => enough.includes(mark.name)).map((mark) => [mark.image, mark]));
  const wanted = new Map(
    marks.filter(({ imageId }) => images.has(imageId) && !stands.has(imageId)).map((mark) => [mark.imageId, mark]),
  );
  const superseded = standing.filter((mark) => over.includes(mark.name)).map(({ link }) => link);

  if (wanted.size > 0 || superseded.length > 0) {
    const event = await openEvent(
      session,
      [...images.values()].map(({ group }) => group),
    );
    if (wanted.size > 0) await addAnnotations(session, event, name, annotationsFor(name, [...wanted.values()], images));
    await dropLinks(session, event, superseded);
    if (name === 'ARCHIVED')
      await setArchived(
        session,
        event,
        [...wanted.keys()].map((id) => [id, true]),
      );
  }
  return marks.map(({ imageId, groupId }) => {
    const image = images.get(imageId);
    if (!image) return { imageId, outcome: 'gone', groupId: null, moved: false, archivedBefore: undefined };
    const mark = stands.get(imageId);
    return {
      imageId,
      outcome: mark ? 'already' : 'marked',
      groupId: image.group,
      moved: image.group !== groupId,
      archivedBefore: mark ? wordedBefore(mark.before) : image.archived,
    };
  });
}

export interface ClearOptions {
  /**
   * Images that are no longer archived, with their earlier `image.archived`: only these lose ARCHIVED and FROM-ARCHIVE.
   */
  readonly restoreArchived: ReadonlyMap<bigint, boolean | null>;
  /** Removes the researcher's ARCHIVE NOTE, too. */
  readonly dropNote: boolean;
}

/** Removes TO-ARCHIVE and ARCHIVE-PENDING. An image whose ARCHIVED mark stays keeps a FROM-ARCHIVE, and its flag. */
export async function clearMarks(
  session: Session,
  imageIds: readonly bigint[],
  options: ClearOptions,
): Promise<ClearOutcome[]> {
  const images = await lockImages(session, imageIds);
  const standing = await standingMarks(session, [...images.keys()], [...markNames, noteName]);
  const stays = new Set(
    standing
      .filter(({ name, image }) => name === 'ARCHIVED' && !options.restoreArchived.has(image))
      .map(({ image }) => image),
  );
  const dropped = standing.filter(({ name, image }) => {
    if (name === noteName) return options.dropNote;
    return name === 'ARCHIVED' || name === 'FROM-ARCHIVE' ? !stays.has(image) : true;
  });
  // Only flags that are set are reset: an image whose flag was cleared by another user since stays as it is.
  const back = [...options.restoreArchived].filter(
    ([id, before]) => images.get(id)?.archived === true && before !== true,
  );
  if (dropped.length > 0 || back.length > 0) {
    const event = await openEvent(
      session,
      [...images.values()].map(({ group }) => group),
    );
    await dropLinks(
      session,
      event,
      dropped.map(({ link }) => link),
    );
    await setArchived(session, event, back);
  }
  const changed = new Set([...dropped.map(({ image }) => image), ...back.map(([id]) => id)]);
  return imageIds.map((imageId) => ({
    imageId,
    outcome: !images.has(imageId) ? 'gone' : changed.has(imageId) ? 'cleared' : 'already',
  }));
}

/**
 * Locks the images against being deleted, moved or marked by another call until the transaction ends; in id order, so
 * that two calls wait for each other instead of deadlocking. New links by others, which only need the key, are not
 * blocked.
 */
async function lockImages(session: Session, ids: readonly bigint[]): Promise<Map<bigint, LockedImage>> {
  if (ids.length > imagesPerCall)
    throw new RangeError(`${ids.length} images in one call, at most ${imagesPerCall} are allowed`);
  const rows = await session.rows<LockedImage>(
    'SELECT id, owner_id AS owner, group_id AS group, archived FROM image WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE',
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Read after the lock, by a separate statement: it sees what an earlier call has committed. */
function standingMarks(
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

/** One annotation for all images with the same owner, group, requester and former `image.archived`. */
function annotationsFor(
  name: MarkName,
  marks: readonly ImageMark[],
  images: ReadonlyMap<bigint, LockedImage>,
): NewAnnotation[] {
  const shared = new Map<string, NewAnnotation & { imageIds: bigint[] }>();
  for (const { imageId, requester, archivedBefore } of marks) {
    const { owner, group, archived } = images.get(imageId) as LockedImage;
    const description = `Owner : ${requester.id} : ${requester.name}`;
    const before =
      name === 'ARCHIVED'
        ? [[beforeKey, beforeWords.get(archivedBefore === undefined ? archived : archivedBefore) as string] as const]
        : [];
    const key = JSON.stringify([String(owner), String(group), description, before]);
    const annotation = shared.get(key) ?? {
      ownerId: owner,
      groupId: group,
      description,
      values: [[name, 'True'] as const, ...before],
      imageIds: [],
    };
    annotation.imageIds.push(imageId);
    shared.set(key, annotation);
  }
  return [...shared.values()];
}

function wordedBefore(word: string | null): boolean | null | undefined {
  return [...beforeWords].find(([, known]) => known === word)?.[0];
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
  await logChanges(
    session,
    event,
    'UPDATE',
    'ome.model.core.Image',
    changed.map(({ id }) => id),
  );
}
