import type pg from 'pg';
import type { WorkState } from '@coldroom/domain';
import { isPastDue } from '../transitions/claims';

/** What a monitor wants to know of the whole register. */
export interface Figures {
  /** States in which a bag is due and no worker holds it: for how long the oldest of them has waited. */
  readonly due: readonly { readonly state: WorkState; readonly seconds: number }[];
  readonly stuck: readonly { readonly code: string; readonly files: number }[];
  /** Images whose marks in OMERO do not yet match the register; counted up to 100,000. */
  readonly pendingMarks: number;
}

const mostMarks = 100_000;

/** Cheap enough to call every few seconds. */
export async function readFigures(pool: pg.Pool, states: readonly WorkState[]): Promise<Figures> {
  const { rows: due } = await pool.query<{ state: WorkState; seconds: number }>(
    `SELECT b.state, extract(epoch FROM now() - b.not_before)::float8 AS seconds
     FROM unnest($1::text[]) AS wanted(state) CROSS JOIN LATERAL (
       SELECT state, not_before FROM bag WHERE state = wanted.state AND ${isPastDue} ORDER BY not_before, id LIMIT 1) b`,
    [states],
  );
  const { rows: stuck } = await pool.query<{ code: string; files: number }>(
    `SELECT code, sum(files)::float8 AS files FROM file_total WHERE state = 'stuck' AND files > 0 GROUP BY code ORDER BY code`,
  );
  const {
    rows: [marks],
  } = await pool.query<{ pending: number }>(
    'SELECT count(*)::int AS pending FROM (SELECT FROM request_image WHERE mark_written IS DISTINCT FROM mark_wanted LIMIT $1) m',
    [mostMarks],
  );
  return { due, stuck, pendingMarks: marks?.pending ?? 0 };
}
