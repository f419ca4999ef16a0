import type { Session } from '../session';
import { conditionSql, imageBytes, type Parameter } from './condition-sql';
import type { Condition, Selection } from './conditions';

/** A fileset that a policy selects, or an image without one. */
export interface Candidate {
  /** The number of the fileset; null for an image without one. */
  readonly filesetId: bigint | null;
  readonly owner: { readonly id: bigint; readonly name: string };
  readonly group: { readonly id: bigint; readonly name: string };
  readonly imageIds: readonly bigint[];
  /** Of its files by OMERO's record; of its planes for an image without a fileset. */
  readonly bytes: bigint;
}

interface Row {
  filesetId: bigint | null;
  ownerId: bigint;
  owner: string;
  groupId: bigint;
  group: string;
  imageIds: bigint[];
  bytes: bigint;
}

/** Files of each fileset, in bytes. */
export const sizes = `SELECT e.fileset, coalesce(sum(o.size), 0)::bigint AS bytes
  FROM filesetentry e JOIN originalfile o ON o.id = e.originalfile GROUP BY e.fileset`;

/** Filesets of each group that OMERO does not show as archived, and those of all groups. */
const used = `SELECT one.group_id, sum(s.bytes)::bigint AS bytes, sum(sum(s.bytes)) OVER ()::bigint AS of_all FROM (
    SELECT i.fileset, min(i.group_id) AS group_id FROM image i WHERE i.fileset IS NOT NULL GROUP BY i.fileset HAVING NOT bool_or(coalesce(i.archived, false))) one
  JOIN sizes s USING (fileset) GROUP BY one.group_id`;

/** The tables that conditions are compared with. */
export function contextOf({ where, except }: Selection): { readonly joins: string; readonly used: string } {
  const kinds = new Set([...where, ...except].map(({ kind }) => kind));
  const isUsed = kinds.has('groupUses') || kinds.has('serverUses');
  return {
    used: isUsed ? `, used AS (${used})` : '',
    joins: `JOIN event c ON c.id = i.creation_id JOIN event u ON u.id = i.update_id
      ${isUsed ? 'LEFT JOIN used g ON g.group_id = i.group_id' : ''}`,
  };
}

/** A person who keeps data out of archiving is always right, whatever a rule says. */
export const isKept = `i.id IN (SELECT l.parent FROM annotation a JOIN imageannotationlink l ON l.child = a.id
  WHERE a.discriminator = '/map/' AND a.ns = 'archiving' AND a.name = 'KEEP')`;

/**
 * All filesets that are selected, those that were imported first at the head; read in batches. Filesets whose images
 * belong to several owners or groups are left out, and those with a mark KEEP. The register knows the rest: what is
 * archived or requested already.
 */
export async function* readCandidates(
  session: Session,
  selection: Selection,
  now: Date,
  limitMs: number,
): AsyncGenerator<Candidate> {
  const values: unknown[] = [];
  const parameter: Parameter = (value) => `$${values.push(value)}`;
  const met = (condition: Condition): string => conditionSql(condition, now, parameter).met;
  const { joins, used: usedTable } = contextOf(selection);
  const conditions = [
    ...selection.where.map((condition) => `coalesce(${met(condition)}, false)`),
    ...selection.except.map((condition) => `NOT coalesce(${met(condition)}, true)`),
    `NOT ${isKept}`,
  ];
  await session.rows(`SET LOCAL statement_timeout = ${limitMs}`);
  const rows = session.cursor<Row>(
    `WITH sizes AS MATERIALIZED (${sizes})${usedTable}, chosen AS (
       SELECT min(i.fileset) AS fileset, min(i.owner_id) AS owner_id, min(i.group_id) AS group_id, array_agg(i.id ORDER BY i.id) AS images,
         min(c.time) AS time, coalesce(min(s.bytes), sum(${imageBytes}) FILTER (WHERE i.fileset IS NULL), 0)::bigint AS bytes
       FROM image i ${joins} LEFT JOIN sizes s ON s.fileset = i.fileset
       GROUP BY coalesce(i.fileset, -i.id)
       HAVING bool_and(${conditions.join(' AND ')}) AND min(i.owner_id) = max(i.owner_id) AND min(i.group_id) = max(i.group_id))
     SELECT x.fileset AS "filesetId", x.owner_id AS "ownerId", e.omename AS owner, x.group_id AS "groupId", g.name AS "group", x.images AS "imageIds", x.bytes
     FROM chosen x JOIN experimenter e ON e.id = x.owner_id JOIN experimentergroup g ON g.id = x.group_id
     ORDER BY x.time, x.images[1]`,
    values,
  );
  for await (const { ownerId, owner, groupId, group, ...rest } of rows)
    yield { ...rest, owner: { id: ownerId, name: owner }, group: { id: groupId, name: group } };
}

/** Those of these images that have a mark KEEP now. */
export async function keptAmong(session: Session, imageIds: readonly bigint[]): Promise<ReadonlySet<bigint>> {
  const rows = await session.rows<{ id: bigint }>(`SELECT i.id FROM image i WHERE i.id = ANY ($1) AND ${isKept}`, [
    imageIds,
  ]);
  return new Set(rows.map(({ id }) => id));
}
