import type pg from 'pg';
import type { Retrieval } from '@coldroom/domain';
import { filesetsOf, type FilesetTarget } from './targets';

/** Files of the named filesets, by what requesting their retrieval means for them. */
export interface RetrievalPlan {
  /** To be fetched, by store. */
  readonly fetch: readonly { readonly store: string; readonly files: number; readonly bytes: bigint }[];
  readonly filesets: number;
  /** All images of these filesets, including those that were not named. */
  readonly images: number;
  /** Originals that are still held: an undo puts them back at once, nothing is fetched. */
  readonly held: { readonly files: number; readonly bytes: bigint };
  /** Already being retrieved, including recalled files that a recall only prolongs. */
  readonly underWay: { readonly files: number; readonly bytes: bigint };
  /** Filesets that cannot be retrieved as a whole, with the states that prevent it. */
  readonly notArchived: { readonly files: number; readonly filesets: number; readonly states: readonly string[] };
}

/**
 * In a fileset that is retrieved as a whole, each file is linked, released or recalled, or already in place (after a
 * cancel or a partial undo).
 */
export const isArchived = `(f.phase IN ('skipped', 'linked', 'recalled', 'restored', 'given up') AND f.stuck_from IS NULL)`;
/**
 * A file that was requested back before, and whose retrieval was cancelled, may already be in place: the linker must
 * check.
 */
export const isHeld = `(f.phase IN ('skipped', 'restored', 'given up') OR (f.state = 'linked' AND f.retrieval IS NULL AND f.released_at IS NULL))`;

/** The filesets selected by $1, judged for a retrieval of kind $2. */
const judgedSets = (files: string): string => `
  WITH sets AS MATERIALIZED (
    SELECT f.request_id, f.fileset, bool_and(${isArchived}) AS whole, $2 = 'restore' AND bool_and(${isHeld}) AS held,
      bool_or(f.phase IN ('linked', 'recalled') AND NOT ($2 = 'recall' AND f.state = 'recalled')) AS away,
      bool_or(f.phase NOT IN ('skipped', 'given up', 'restored', 'retrieving', 'fetchVerified') AND NOT ($2 = 'recall' AND f.state = 'recalled')) AS elsewhere
    FROM file f WHERE f.bag_id IS NOT NULL AND ${files} GROUP BY f.request_id, f.fileset)`;

/** What requesting these would mean; changes nothing. */
export async function planRetrieval(pool: pg.Pool, target: FilesetTarget, way: Retrieval): Promise<RetrievalPlan> {
  const { files, named } = filesetsOf(target);
  const { rows } = await pool.query<{
    store: string;
    state: string;
    kind: string;
    files: number;
    bytes: bigint;
  }>(
    `${judgedSets(files)}
     SELECT b.store, f.state, CASE
         WHEN f.phase IN ('retrieving', 'fetchVerified') OR ($2 = 'recall' AND f.state = 'recalled') THEN 'under way'
         WHEN f.phase IN ('linked', 'recalled') AND s.whole THEN CASE WHEN s.held THEN 'held' ELSE 'fetch' END
         ELSE 'no' END AS kind,
       count(*)::int AS files, coalesce(sum(f.size), 0)::bigint AS bytes
     FROM sets s JOIN file f ON f.request_id = s.request_id AND f.fileset = s.fileset JOIN bag b ON b.id = f.bag_id
     WHERE f.phase NOT IN ('skipped', 'given up', 'restored') GROUP BY 1, 2, 3 ORDER BY 1`,
    [named, way],
  );
  const {
    rows: [counts],
  } = await pool.query<{ wanted: number; not: number; images: number }>(
    `${judgedSets(files)}
     SELECT count(*) FILTER (WHERE whole AND away)::int AS wanted, count(*) FILTER (WHERE NOT whole AND elsewhere)::int AS not,
       (SELECT count(*)::int FROM request_image i JOIN sets s ON s.request_id = i.request_id AND s.fileset = i.fileset WHERE s.whole AND s.away) AS images
     FROM sets`,
    [named, way],
  );
  const of = (kind: string): typeof rows => rows.filter((row) => row.kind === kind);
  const total = (some: typeof rows): { files: number; bytes: bigint } => ({
    files: some.reduce((sum, row) => sum + row.files, 0),
    bytes: some.reduce((sum, row) => sum + row.bytes, 0n),
  });
  return {
    fetch: [...Map.groupBy(of('fetch'), (row) => row.store)].map(([store, some]) => ({ store, ...total(some) })),
    filesets: counts?.wanted ?? 0,
    images: counts?.images ?? 0,
    held: total(of('held')),
    underWay: total(of('under way')),
    notArchived: {
      files: total(of('no')).files,
      filesets: counts?.not ?? 0,
      states: [...new Set(of('no').map((row) => row.state))],
    },
  };
}
