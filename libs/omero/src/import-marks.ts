import { Refused } from '@coldroom/domain';
import { namespace } from './annotations';
import type { Group } from './marks';
import { People, type Person } from './people';
import type { Session } from './session';

/** The name of the annotation by which people order imports. */
export const importMarkName = 'IMPORT';
/** The key under which the annotation is answered. */
export const answerKey = 'Done';

/** A directory that someone wants imported, as they wrote it on a dataset, screen or project. */
export interface ImportMark {
  readonly annotationId: bigint;
  /** The owner of the annotation, who also linked it. */
  readonly person: Person;
  readonly group: Group;
  readonly target: { readonly kind: 'Dataset' | 'Screen' | 'Project'; readonly id: bigint; readonly name: string };
  readonly directory: string;
  readonly transfer: string;
  /** What the annotation has under `Done`; empty while it is not answered, or when its owner asks again. */
  readonly answer: string;
  /** Why this person may not import into this target; null if they may. */
  readonly refused: string | null;
}

interface Row {
  annotation: bigint;
  owner: bigint;
  kind: ImportMark['target']['kind'];
  target: bigint;
  target_name: string;
  target_owner: bigint;
  group: bigint;
  group_name: string;
  permissions: bigint;
  targets: bigint;
  keys: string[];
  values: string[];
}

/** What the scanner reads for these marks only: without these rights archiving works, and imports are not ordered by annotation. */
const containers = ['dataset', 'screen', 'project'] as const;

const linked = containers
  .map(
    (table) => `
  SELECT l.child AS annotation, l.owner_id AS link_owner, '${table[0]?.toUpperCase()}${table.slice(1)}' AS kind, c.id AS target,
         c.name AS target_name, c.owner_id AS target_owner, c.group_id
    FROM ${table}annotationlink l JOIN ${table} c ON c.id = l.parent`,
  )
  .join(' UNION ALL');

/** Links by others do not count: no one orders in the name of the annotation's owner. */
const marked = `
  SELECT DISTINCT ON (a.id) a.id AS annotation, a.owner_id AS owner, l.kind, l.target, l.target_name, l.target_owner, g.id AS group,
         g.name AS group_name, g.permissions, count(*) OVER (PARTITION BY a.id) AS targets,
         ARRAY(SELECT v.name FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS keys,
         ARRAY(SELECT v.value FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS values
    FROM annotation a
    JOIN (${linked}) l ON l.annotation = a.id AND l.link_owner = a.owner_id
    JOIN experimentergroup g ON g.id = l.group_id
   WHERE a.discriminator = '/map/' AND a.ns = '${namespace}' AND a.name = '${importMarkName}'
   ORDER BY a.id, l.kind, l.target`;

/** Refuses a role that may not read annotations of datasets, screens and projects, and says what to grant. */
export async function checkImportMarkRights(session: Session): Promise<void> {
  const missing = await session.rows<{ name: string }>(
    `SELECT n.t || '.' || n.c AS name FROM unnest($1::text[], $2::text[]) AS n(t, c)
      WHERE NOT has_column_privilege('public.' || n.t, n.c, 'SELECT')`,
    [
      containers.flatMap((table) => [table, table, ...Array<string>(3).fill(`${table}annotationlink`)]),
      containers.flatMap(() => ['owner_id', 'group_id', 'parent', 'child', 'owner_id']),
    ],
  );
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  throw new Refused(
    'OMERO_IMPORT_MARKS_NOT_READABLE',
    `The database role may not read ${names.join(', ')} in OMERO's database, so no import can be ordered by an annotation. Run docs/omero-grants.sql there.`,
    { missing: names },
  );
}

/** Every annotation that orders an import, by its id, answered or not. */
export async function* readImportMarks(session: Session): AsyncGenerator<ImportMark> {
  await checkImportMarkRights(session);
  const people = await People.load(session);
  for await (const row of session.cursor<Row>(marked)) yield markOf(row, people);
}

function markOf(row: Row, people: People): ImportMark {
  const value = (key: string): string => row.values[row.keys.findIndex((each) => sameKey(each, key))]?.trim() ?? '';
  return {
    annotationId: row.annotation,
    person: people.find(row.owner) ?? { id: row.owner, name: `user ${row.owner}` },
    group: { id: row.group, name: row.group_name, permissions: row.permissions },
    target: { kind: row.kind, id: row.target, name: row.target_name },
    // Not trimmed as a whole: the name of a directory may begin or end with a space.
    directory: row.values[row.keys.findIndex((each) => sameKey(each, 'Directory'))] ?? '',
    transfer: value('Transfer'),
    answer: value(answerKey),
    refused: whyNot(row, people),
  };
}

const sameKey = (text: string, key: string): boolean => text.trim().toLowerCase() === key.toLowerCase();

/** The write bit of a group's members in its permissions. */
const membersWrite = 0x20n;

function whyNot(row: Row, people: People): string | null {
  if (row.targets > 1n) return 'this annotation is linked to several targets: link it to one';
  if (!people.isActive(row.owner)) return 'the owner of this annotation is an inactive user';
  const standing = people.standing(row.owner, { ownerId: row.target_owner, groupId: row.group });
  if (standing === 'administrator') return null;
  if (!people.isMember(row.owner, row.group))
    return `the owner of this annotation is not a member of group ${row.group_name}`;
  if (standing !== undefined || (row.permissions & membersWrite) !== 0n) return null;
  return `the owner of this annotation may not add images to ${row.kind}:${row.target}`;
}
