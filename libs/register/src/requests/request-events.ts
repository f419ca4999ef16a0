import type pg from 'pg';
import type { RequestState } from '@coldroom/domain';

export interface RequestEvent {
  readonly requestId: bigint;
  readonly what: string;
  readonly from: RequestState | null;
  readonly to: RequestState;
  readonly code?: string;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
  readonly by: string;
}

/** Writes one event about a request. */
export async function recordRequestEvent(client: pg.ClientBase, event: RequestEvent): Promise<void> {
  const { requestId, what, from, to, code = null, detail, by } = event;
  await client.query(
    'INSERT INTO event (actor, request_id, what, from_state, to_state, code, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)',
    [by, requestId, what, from, to, code, detail ? JSON.stringify(detail) : null],
  );
}

/** Records why a request is not started yet; the same reason is not repeated. */
export async function recordNotStarted(
  pool: pg.Pool,
  requestId: bigint,
  why: { readonly code: string; readonly reason: string },
  by: string,
): Promise<void> {
  await pool.query(
    `INSERT INTO event (actor, request_id, what, code, detail) SELECT $2, $1, 'not started', $3, jsonb_build_object('reason', $4::text)
     WHERE NOT EXISTS (SELECT FROM (SELECT what, code, detail FROM event WHERE request_id = $1 ORDER BY id DESC LIMIT 1) last
       WHERE last.what = 'not started' AND last.code = $3 AND last.detail->>'reason' = $4)`,
    [requestId, by, why.code, why.reason],
  );
}
