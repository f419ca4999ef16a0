import { namespace, noteName } from './annotations';
import { People } from './people';
import type { Session } from './session';

/** What a person wrote about an image when they marked it, in an annotation ARCHIVE NOTE. */
export interface ImageNote {
  readonly annotationId: bigint;
  readonly imageId: bigint;
  /** The login of who wrote it, as the annotation says; of the annotation's owner where it says nothing. */
  readonly by: string;
  readonly expiry: string;
  readonly description: string;
  readonly reason: string;
}

interface Row {
  annotation: bigint;
  image: bigint;
  owner: bigint;
  image_owner: bigint;
  group: bigint;
  keys: string[];
  values: string[];
}

/** Newest first. */
const noted = `
  SELECT l.parent AS image, a.id AS annotation, a.owner_id AS owner, i.owner_id AS image_owner, i.group_id AS group,
         ARRAY(SELECT v.name FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS keys,
         ARRAY(SELECT v.value FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS values
    FROM imageannotationlink l
    JOIN annotation a ON a.id = l.child
    JOIN image i ON i.id = l.parent
   WHERE l.parent = ANY ($1) AND a.discriminator = '/map/' AND a.ns = '${namespace}' AND a.name = '${noteName}'
   ORDER BY l.parent, a.id DESC`;

/**
 * The note of each of these images that has one: the newest, if there are several. A note of someone who may not mark the
 * image is left out.
 */
export async function readNotes(
  session: Session,
  imageIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, ImageNote>> {
  const people = await People.load(session);
  const notes = new Map<bigint, ImageNote>();
  for (const row of await session.rows<Row>(noted, [imageIds])) {
    if (notes.has(row.image)) continue;
    if (!people.standing(row.owner, { ownerId: row.image_owner, groupId: row.group })) continue;
    const value = (key: string): string => valueOf(row, key);
    notes.set(row.image, {
      annotationId: row.annotation,
      imageId: row.image,
      by: value('Owner') || (people.find(row.owner)?.name ?? `user ${row.owner}`),
      expiry: value('Expiry'),
      description: value('Description'),
      reason: value('Reason'),
    });
  }
  return notes;
}

/** The value of a key that people also write by hand; empty if there is none. */
export function valueOf(
  { keys, values }: { readonly keys: readonly string[]; readonly values: readonly string[] },
  key: string,
): string {
  return values[keys.findIndex((each) => each.trim().toLowerCase() === key.toLowerCase())]?.trim() ?? '';
}
