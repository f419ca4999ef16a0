import type pg from 'pg';
import type { WorkState } from '@coldroom/domain';

/** How long a stage worked on the files of one bag. */
export interface StageTime {
  /** The state in which the stage took them. */
  readonly state: WorkState;
  readonly files: number;
  readonly bytes: bigint;
  readonly ms: number;
}

/** Files and bytes of bags. */
export interface Amount {
  readonly files: number;
  readonly bytes: bigint;
}

/** This many show how long a stage takes now; older ones may come from another disk. */
const lastBags = 50;

/** The last bags that a stage worked on in each of these states, newest first. */
export async function stageTimes(pool: pg.Pool, states: readonly WorkState[]): Promise<readonly StageTime[]> {
  const { rows } = await pool.query<StageTime>(
    `SELECT wanted.state, e.files, e.bytes, e.ms FROM unnest($1::text[]) AS wanted(state) CROSS JOIN LATERAL (
       SELECT (detail->>'files')::int AS files, (detail->>'bytes')::bigint AS bytes, (detail->>'ms')::float8 AS ms FROM event
       WHERE from_state = wanted.state AND detail ? 'ms' ORDER BY id DESC LIMIT $2) e`,
    [states, lastBags],
  );
  return rows;
}

/** What is already archived of the requests that are still being archived. Counted from bags. */
export async function archivedOfRunning(pool: pg.Pool, requestId?: bigint): Promise<Amount> {
  const { rows } = await pool.query<Amount>(
    `SELECT coalesce(sum(files), 0)::int AS files, coalesce(sum(bytes), 0)::bigint AS bytes FROM bag
     WHERE state IN ('linked', 'done') AND request_id IN (
       SELECT request_id FROM bag WHERE state NOT IN ('linked', 'recalled', 'done')
         AND state IN ('approved', 'hashed', 'copied', 'verified', 'sealed') AND ($1::bigint IS NULL OR request_id = $1))`,
    [requestId ?? null],
  );
  return rows[0] as Amount;
}
