import { logChanges, namespace, openEvent } from './annotations';
import { answerKey, importMarkName } from './import-marks';
import type { Session } from './session';

export interface ImportAnswer {
  readonly annotationId: bigint;
  readonly text: string;
}

export interface ImportAnswerOutcome {
  readonly annotationId: bigint;
  /** `gone`: there is no such annotation any longer, or it no longer orders an import. */
  readonly outcome: 'written' | 'already' | 'gone';
}

interface Row {
  id: bigint;
  group: bigint;
  keys: string[];
  values: string[];
}

/** A b-tree index holds the values: a longer one makes the statement fail. */
const longest = 1000;

/**
 * Writes answers under `Done` and leaves all other keys as their owner wrote them. The row of the annotation itself is not
 * changed: a trigger of OMERO would then read every table of links with our rights. A person who saves the same annotation
 * at this very moment makes one of both fail; ours is written again in the next round.
 */
export async function writeImportAnswers(
  session: Session,
  answers: readonly ImportAnswer[],
): Promise<readonly ImportAnswerOutcome[]> {
  const rows = await session.rows<Row>(
    `SELECT a.id, a.group_id AS group,
            ARRAY(SELECT v.name FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS keys,
            ARRAY(SELECT v.value FROM annotation_mapvalue v WHERE v.annotation_id = a.id ORDER BY v.index) AS values
       FROM annotation a WHERE a.id = ANY ($1) AND a.discriminator = '/map/' AND a.ns = $2 AND a.name = $3 ORDER BY a.id`,
    [answers.map(({ annotationId }) => annotationId), namespace, importMarkName],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  const changed: { id: bigint; group: bigint; pairs: [string, string][] }[] = [];
  const outcomes = answers.map(({ annotationId, text }): ImportAnswerOutcome => {
    const row = found.get(annotationId);
    if (!row) return { annotationId, outcome: 'gone' };
    const pairs = answered(row, text.slice(0, longest));
    if (!pairs) return { annotationId, outcome: 'already' };
    changed.push({ id: row.id, group: row.group, pairs });
    return { annotationId, outcome: 'written' };
  });
  if (changed.length > 0) await replaceValues(session, changed);
  return outcomes;
}

/** The pairs with this answer in them; undefined if they have it. */
function answered({ keys, values }: Row, text: string): [string, string][] | undefined {
  const isAnswer = (key: string): boolean => key.trim().toLowerCase() === answerKey.toLowerCase();
  const at = keys.findIndex(isAnswer);
  if (at >= 0 && values[at] === text && keys.findLastIndex(isAnswer) === at) return undefined;
  const rest = keys.map((key, i): [string, string] => [key, values[i] ?? '']).filter(([key]) => !isAnswer(key));
  return [...rest, [answerKey, text]];
}

/** Hibernate reads the values as a list: the indexes must run from 0 without a gap. */
async function replaceValues(
  session: Session,
  changed: readonly { readonly id: bigint; readonly group: bigint; readonly pairs: readonly [string, string][] }[],
): Promise<void> {
  const event = await openEvent(
    session,
    changed.map(({ group }) => group),
  );
  const ids = changed.map(({ id }) => id);
  await session.rows('DELETE FROM annotation_mapvalue WHERE annotation_id = ANY ($1)', [ids]);
  await session.rows(
    'INSERT INTO annotation_mapvalue (annotation_id, name, value, index) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[])',
    [
      changed.flatMap(({ id, pairs }) => pairs.map(() => id)),
      changed.flatMap(({ pairs }) => pairs.map(([key]) => key)),
      changed.flatMap(({ pairs }) => pairs.map(([, value]) => value)),
      changed.flatMap(({ pairs }) => pairs.map((_, index) => index)),
    ],
  );
  await logChanges(session, event, { action: 'UPDATE', entityType: 'ome.model.annotations.MapAnnotation', ids });
}
