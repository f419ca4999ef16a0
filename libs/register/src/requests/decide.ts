import type pg from 'pg';
import { Refused, type RequestState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { recordRequestEvent } from './request-events';

export interface Decision {
  readonly state: 'Approved' | 'Declined';
  /** Why it was declined. */
  readonly reason?: string | null;
  /** The store named for an approved request. */
  readonly store?: string | null;
  readonly by: string;
}

/** Decides a New request. `Refused` if it does not exist or is decided already. */
export async function decide(
  pool: pg.Pool,
  requestId: bigint,
  { state, reason = null, store = null, by }: Decision,
): Promise<void> {
  await transaction(pool, async (client) => {
    const {
      rows: [row],
    } = await client.query<{ state: RequestState }>('SELECT state FROM request WHERE id = $1 FOR UPDATE', [requestId]);
    if (!row)
      throw new Refused('NO_SUCH_REQUEST', `There is no request ${requestId}; "coldroom requests list" shows all`);
    if (row.state !== 'New')
      throw new Refused(
        'REQUEST_DECIDED',
        `Request ${requestId} is already ${row.state}; only a New request can be decided`,
      );
    await client.query(
      'UPDATE request SET state = $2, decided_at = now(), decided_by = $3, reason = $4, store = $5 WHERE id = $1',
      [requestId, state, by, reason, store],
    );
    if (state === 'Declined') {
      await client.query(`UPDATE file SET state = 'declined' WHERE request_id = $1 AND state = 'registered'`, [
        requestId,
      ]);
      await client.query(`UPDATE request_image SET mark_wanted = 'none' WHERE request_id = $1`, [requestId]);
    }
    await recordRequestEvent(client, {
      requestId,
      what: state === 'Approved' ? 'approve' : 'decline',
      from: 'New',
      to: state,
      detail: reason ? { reason } : store ? { store } : undefined,
      by,
    });
  });
}
