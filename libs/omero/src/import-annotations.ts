import { addAnnotations, openEvent } from './annotations';
import { lockImages } from './image-rows';
import type { Session } from './session';

/** The namespace of the key-value pairs that people can edit in OMERO's clients. */
const clientNamespace = 'openmicroscopy.org/omero/client/mapAnnotation';
const imagesAtOnce = 500;

/** Key-value pairs for images that a person imported. */
export interface ImagePairs {
  /** What makes the annotation known as ours: an image that has it gets no second one. */
  readonly description: string;
  readonly ownerId: bigint;
  readonly groupId: bigint;
  readonly pairs: readonly (readonly [key: string, value: string])[];
}

/**
 * Annotates the next images of these filesets, by id, after one of them. As OMERO's clients do, each image gets an annotation
 * of its own, so that editing one changes no other. Images that were given to another person or group meanwhile are left out.
 * Undefined: there are no more images.
 */
export async function annotateImages(
  session: Session,
  filesetIds: readonly bigint[],
  { description, ownerId, groupId, pairs }: ImagePairs,
  after: bigint,
): Promise<{ readonly last: bigint; readonly written: number } | undefined> {
  const next = await session.rows<{ id: bigint }>(
    'SELECT id FROM image WHERE fileset = ANY ($1) AND id > $2 ORDER BY id LIMIT $3',
    [filesetIds, after, imagesAtOnce],
  );
  const last = next.at(-1)?.id;
  if (last === undefined) return undefined;
  const images = await lockImages(
    session,
    next.map(({ id }) => id),
  );
  const have = await session.rows<{ image: bigint }>(
    `SELECT l.parent AS image FROM imageannotationlink l JOIN annotation a ON a.id = l.child
      WHERE l.parent = ANY ($1) AND a.discriminator = '/map/' AND a.ns = $2 AND a.description = $3`,
    [[...images.keys()], clientNamespace, description],
  );
  const done = new Set(have.map(({ image }) => image));
  const wanted = [...images.values()].filter(
    ({ id, owner, group }) => !done.has(id) && owner === ownerId && group === groupId,
  );
  if (wanted.length > 0)
    await addAnnotations(
      session,
      await openEvent(session, [groupId]),
      { namespace: clientNamespace, name: null },
      wanted.map(({ id }) => ({ ownerId, groupId, description, values: pairs, imageIds: [id] })),
    );
  return { last, written: wanted.length };
}
