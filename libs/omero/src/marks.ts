import type { Session } from './session';
import { People, type Person } from './people';

/** Marks by which users make requests. */
export type RequestMark = 'TO-ARCHIVE' | 'FROM-ARCHIVE' | 'WITHDRAW' | 'RECALL' | 'KEEP';

export interface Group {
  readonly id: bigint;
  readonly name: string;
  /** OMERO's permission bits, e.g. -120 for a private group. */
  readonly permissions: bigint;
}

interface MarkedImage {
  readonly imageId: bigint;
  readonly imageName: string;
  readonly owner: Person;
  readonly group: Group;
  readonly annotationId: bigint;
  /** The requester by the annotation's own text, as stored. */
  readonly description: string | null;
  readonly linkOwner: Person;
}

/** A mark to act on. */
export interface Mark extends MarkedImage {
  readonly ignored: null;
  readonly requester: Person;
  /** What the annotation has; see `valueOf`. */
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

/** A mark to be reported and left unchanged. */
export interface IgnoredMark extends MarkedImage {
  readonly ignored: 'MARK_NOT_ALLOWED';
  readonly reason: string;
}

interface Row {
  image: bigint;
  image_name: string;
  owner: bigint;
  group: bigint;
  group_name: string;
  permissions: bigint;
  link_owner: bigint;
  annotation: bigint;
  annotation_owner: bigint;
  description: string | null;
  keys: string[];
  values: string[];
}

/**
 * The discriminator matters: a tag or a boolean may have the same text. The value is compared leniently, since users
 * also write such annotations by hand.
 */
const marked = `
  SELECT l.parent AS image, i.name AS image_name, i.owner_id AS owner, i.group_id AS group, g.name AS group_name, g.permissions,
         l.owner_id AS link_owner, a.id AS annotation, a.owner_id AS annotation_owner, a.description,
         ARRAY(SELECT v.name FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS keys,
         ARRAY(SELECT v.value FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS values
    FROM annotation a
    JOIN imageannotationlink l ON l.child = a.id
    JOIN image i ON i.id = l.parent
    JOIN experimentergroup g ON g.id = i.group_id
   WHERE a.discriminator = '/map/' AND a.ns = 'archiving' AND a.name = $1
     AND EXISTS (SELECT FROM annotation_mapvalue v
                  WHERE v.annotation_id = a.id AND lower(btrim(v.name)) = lower($1) AND lower(btrim(v.value)) = 'true')
   ORDER BY l.parent, a.id, l.id`;

/** Each marked image once for each annotation that marks it, by image id; an annotation linked twice is one mark. */
export async function* readMarks(session: Session, name: RequestMark): AsyncGenerator<Mark | IgnoredMark> {
  const people = await People.load(session);
  let waiting: Mark | IgnoredMark | undefined;
  for await (const row of session.cursor<Row>(marked, [name])) {
    const mark = judge(row, people);
    const again = waiting?.imageId === mark.imageId && waiting.annotationId === mark.annotationId;
    if (waiting && !again) yield waiting;
    // Of several links of one annotation, one that is allowed is enough.
    if (!again || (waiting?.ignored && !mark.ignored)) waiting = mark;
  }
  if (waiting) yield waiting;
}

function judge(row: Row, people: People): Mark | IgnoredMark {
  const person = (id: bigint): Person => people.find(id) ?? { id, name: `user ${id}` };
  const image: MarkedImage = {
    imageId: row.image,
    imageName: row.image_name,
    owner: person(row.owner),
    group: { id: row.group, name: row.group_name, permissions: row.permissions },
    annotationId: row.annotation,
    description: row.description,
    linkOwner: person(row.link_owner),
  };
  const ignored = (reason: string): IgnoredMark => ({ ...image, ignored: 'MARK_NOT_ALLOWED', reason });
  const rights = { ownerId: row.owner, groupId: row.group };
  const neither = `is neither the owner of Image:${row.image}, nor an administrator, nor a leader of group ${row.group_name}`;

  const requesterId = askedBy(row.description, row.link_owner);
  if (requesterId === undefined)
    return ignored(`annotation ${row.annotation} does not say who asks: its description is "${row.description}"`);
  const requester = people.find(requesterId);
  if (!requester) return ignored(`annotation ${row.annotation} says that user ${requesterId} asks, who does not exist`);
  if (!people.isActive(requester.id)) return ignored(`${requester.name}, who asks, is an inactive user`);
  if (!people.standing(requester.id, rights)) return ignored(`${requester.name}, who asks, ${neither}`);
  // Anyone may write the description. The owners of annotation and link are OMERO's own record.
  if (!people.standing(row.link_owner, rights))
    return ignored(`${image.linkOwner.name}, who linked the mark, ${neither}`);
  if (!people.standing(row.annotation_owner, rights))
    return ignored(`${person(row.annotation_owner).name}, who owns the mark, ${neither}`);
  return { ...image, ignored: null, requester, keys: row.keys, values: row.values };
}

/**
 * `Owner : <id> : <omename>`, as Archive_Images.py writes it. Without a description the link's owner is the requester.
 */
function askedBy(description: string | null, linkOwner: bigint): bigint | undefined {
  if (description === null || description.trim() === '') return linkOwner;
  const id = /^\s*Owner\s*:\s*(\d{1,18})\s*:\s*\S/.exec(description)?.[1];
  return id === undefined ? undefined : BigInt(id);
}
