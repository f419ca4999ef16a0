import type pg from 'pg';
import { crashPoint, Refused, type RequestState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { refuseKept } from './kept';
import { recordRequestEvent } from './request-events';
import { splitRequest } from './split';

export interface Decision {
  readonly state: 'Approved' | 'Declined';
  /** Why it was declined. */
  readonly reason?: string | null;
  /** The store named for an approved request. */
  readonly store?: string | null;
  /** Only these are decided; the rest becomes a New request of its own. Without it, all are. */
  readonly filesets?: readonly string[] | undefined;
  /** The revision that was reviewed; without it, whatever the request contains now is decided. */
  readonly revision?: number | undefined;
  /** It was declined by withdrawing it. */
  readonly withdrawn?: boolean;
  readonly by: string;
}

/**
 * Decides a New request. `Refused` if it does not exist, is decided already, was changed since it was reviewed, or is to be
 * approved with images that are kept out of archiving.
 */
export async function decide(
  pool: pg.Pool,
  requestId: bigint,
  { state, reason = null, store = null, filesets, revision, withdrawn = false, by }: Decision,
): Promise<void> {
  await transaction(pool, async (client) => {
    const {
      rows: [row],
    } = await client.query<{ state: RequestState; revision: number; objections_until: Date | null }>(
      'SELECT state, revision, objections_until FROM request WHERE id = $1 FOR UPDATE',
      [requestId],
    );
    if (!row)
      throw new Refused('NO_SUCH_REQUEST', `There is no request ${requestId}; "coldroom requests list" shows all`);
    if (row.state !== 'New')
      throw new Refused(
        'REQUEST_DECIDED',
        `Request ${requestId} is already ${row.state}; only a New request can be decided`,
      );
    if (revision !== undefined && revision !== row.revision)
      throw new Refused(
        'REQUEST_CHANGED',
        `Request ${requestId} was changed since you looked at it: OMERO has more that belongs to it. Look again, and decide then`,
      );
    if (state === 'Approved' && row.objections_until !== null)
      throw new Refused(
        'OBJECTIONS_OPEN',
        `Request ${requestId} was proposed by a policy, and its owner can object until ${row.objections_until.toISOString().slice(0, 10)}. Approve it then`,
      );
    if (filesets) await splitRequest(client, requestId, { filesets, by });
    if (state === 'Approved') await refuseKept(client, requestId);
    await client.query(
      'UPDATE request SET revision = revision + 1, state = $2, decided_at = now(), decided_by = $3, reason = $4, store = $5 WHERE id = $1',
      [requestId, state, by, reason, store],
    );
    if (state === 'Declined') {
      await client.query(`UPDATE file SET state = 'declined' WHERE request_id = $1 AND state = 'registered'`, [
        requestId,
      ]);
      // A request that was taken over may have filesets that the older tool has archived.
      await client.query(
        `UPDATE request_image i SET mark_wanted = 'none' WHERE request_id = $1 AND NOT EXISTS (
           SELECT FROM file f WHERE f.request_id = $1 AND f.fileset = i.fileset AND f.phase = 'linked')`,
        [requestId],
      );
    }
    await recordRequestEvent(client, {
      requestId,
      what: state === 'Approved' ? 'approve' : withdrawn ? 'withdraw' : 'decline',
      from: 'New',
      to: state,
      detail: reason ? { reason } : store ? { store } : undefined,
      by,
    });
    crashPoint('decide:1-written');
  });
  crashPoint('decide:2-committed');
}
