import type { Session } from '../session';
import { contextOf, isKept } from './candidates';
import { conditionSql, type Parameter } from './condition-sql';
import type { Condition, Selection } from './conditions';

/** How a fileset stands to one condition. */
export interface ConditionAnswer {
  readonly condition: Condition;
  /** Whether it belongs to `where` or to `except`. */
  readonly part: 'where' | 'except';
  /** Whether it speaks for a proposal. */
  readonly isMet: boolean;
  /** What OMERO records of the image that was named; null for nothing. */
  readonly found: string | null;
  /** An image of the fileset that speaks against it, the named one first; null where none does. */
  readonly against: bigint | null;
}

export interface Explanation {
  readonly imageId: bigint;
  readonly name: string;
  readonly filesetId: bigint | null;
  /** Of the fileset. */
  readonly images: number;
  readonly answers: readonly ConditionAnswer[];
  /** An image of the fileset that is kept out of archiving. */
  readonly kept: bigint | null;
  /** Whether all images of the fileset have the same owner, and are in the same group. */
  readonly isOfOne: boolean;
}

interface Row {
  name: string;
  filesetId: bigint | null;
  images: number;
  kept: bigint | null;
  isOfOne: boolean;
  found: (string | null)[];
  against: (string | null)[];
}

/** Why a rule proposes the fileset of this image, or why not; undefined if OMERO has no such image. */
export async function explainImage(
  session: Session,
  selection: Selection,
  imageId: bigint,
  now: Date,
): Promise<Explanation | undefined> {
  const values: unknown[] = [imageId];
  const parameter: Parameter = (value) => `$${values.push(value)}`;
  const asked = [
    ...selection.where.map((condition) => ({ condition, part: 'where' as const })),
    ...selection.except.map((condition) => ({ condition, part: 'except' as const })),
  ];
  const against: string[] = [];
  const found: string[] = [];
  const first = (refused: string): string => `(array_agg(i.id ORDER BY i.id <> $1, i.id) FILTER (WHERE ${refused}))[1]`;
  for (const { condition, part } of asked) {
    const sql = conditionSql(condition, now, parameter);
    against.push(first(part === 'where' ? `NOT coalesce(${sql.met}, false)` : `coalesce(${sql.met}, true)`));
    found.push(`max(${sql.found}) FILTER (WHERE i.id = $1)`);
  }
  const { joins, used } = contextOf(selection);
  const [row] = await session.rows<Row>(
    `WITH named AS (SELECT fileset FROM image WHERE id = $1), sizes AS (${sizesFor(used !== '')})${used}
     SELECT max(i.name) FILTER (WHERE i.id = $1) AS name, max(i.fileset) AS "filesetId", count(*)::int AS images, ${first(isKept)} AS kept,
       min(i.owner_id) = max(i.owner_id) AND min(i.group_id) = max(i.group_id) AS "isOfOne",
       ARRAY[${found.join(', ')}]::text[] AS found, ARRAY[${against.join(', ')}]::text[] AS against
     FROM image i ${joins} LEFT JOIN sizes s ON s.fileset = i.fileset
     WHERE i.id = $1 OR i.fileset = (SELECT fileset FROM named) HAVING count(*) > 0`,
    values,
  );
  if (!row) return undefined;
  const { name, filesetId, images, kept, isOfOne } = row;
  return {
    imageId,
    name,
    filesetId,
    images,
    kept,
    isOfOne,
    answers: asked.map(({ condition, part }, at) => ({
      condition,
      part,
      isMet: row.against[at] === null,
      found: row.found[at] ?? null,
      against: row.against[at] == null ? null : BigInt(row.against[at]),
    })),
  };
}

/** Of the one fileset, unless the use of whole groups is asked for. */
function sizesFor(all: boolean): string {
  return `SELECT e.fileset, coalesce(sum(o.size), 0)::bigint AS bytes FROM filesetentry e JOIN originalfile o ON o.id = e.originalfile
    ${all ? '' : 'WHERE e.fileset = (SELECT fileset FROM named)'} GROUP BY e.fileset`;
}
