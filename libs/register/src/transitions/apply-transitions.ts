import type pg from 'pg';
import { claimLost, crashPoint, next, type FileState } from '@coldroom/domain';
import { lockRequests, transaction } from '../db/connection';
import { leastState } from './bag-state';
import type { Claim, DueBag } from './claims';
import { recordWhereEnded } from './retrieval-events';
import { forgetElsewhere, switchBag } from './switch-bag';
import { countFailures } from './switches';
import { markDueNow, syncRequest } from './sync-request';
import type { Transition, TransitionOptions } from './transition';
import { writeEvents } from './write-events';
import { writeFailedAttempts, writeFiles } from './write-files';

/**
 * Applies transitions to files of a claimed bag in one transaction and gives the claim back. Each transition must be in
 * the transition table, and each file must still be in the state that its transition starts from; if the claim is lost,
 * it throws `Transient` `CLAIM_LOST` and nothing is changed.
 * @returns the bags that are due now: this one, and those that waited for the filesets it completed.
 */
export async function applyTransitions(
  pool: pg.Pool,
  claim: Claim,
  transitions: readonly Transition[],
  options: TransitionOptions,
): Promise<readonly DueBag[]> {
  for (const transition of transitions) {
    if (!next(transition.from, transition.event)?.includes(transition.to))
      throw new RangeError(`no transition ${transition.event} from ${transition.from} to ${transition.to}`);
  }
  const due = await transaction(pool, async (client) => {
    await lockRequests(client, [claim.requestId]);
    await lockBag(client, claim);
    await writeFiles(client, claim, transitions);
    if (options.failed) await writeFailedAttempts(client, claim, options.failed);
    if (options.switched) await switchBag(client, claim.bagId, idsOf(transitions));
    else if (claim.state === 'moveSealed') await forgetElsewhere(client, idsOf(endingIn(transitions, ['linked'])));
    await writeEvents(client, claim, transitions, options);
    const stuck = endingIn(transitions, ['stuck']).length;
    if (stuck > 0)
      await countFailures(
        client,
        [`stage:${options.stage}`, `store:${claim.movingTo ?? claim.store}`],
        stuck,
        options.errorLimit,
      );
    const own = await passOn(client, claim, options);
    const waitedFor = await filesetsOf(client, endingIn(transitions, waitForOthers));
    const dueNow = await markDueNow(client, claim.requestId, waitedFor, claim.bagId);
    await syncRequest(client, claim.requestId, await filesetsOf(client, endingIn(transitions, atRest)));
    await recordWhereEnded(client, claim.requestId, transitions, claim.worker);
    crashPoint('transition:1-before-commit');
    return [...own, ...dueNow];
  });
  crashPoint('transition:2-after-commit');
  return due;
}

const atRest: readonly FileState[] = ['linked', 'released', 'undone', 'abandoned', 'stuck', 'restored', 'recalled'];
/** From here on, a fileset continues as a whole. */
const waitForOthers: readonly FileState[] = ['sealed', 'fetchVerified'];

const endingIn = (transitions: readonly Transition[], states: readonly FileState[]): readonly Transition[] =>
  transitions.filter(({ to }) => states.includes(to));
const idsOf = (transitions: readonly Transition[]): readonly bigint[] => transitions.map(({ id }) => id);

async function lockBag(client: pg.PoolClient, claim: Claim): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM bag WHERE id = $1 AND claimed_by = $2 AND fence = $3 AND lease_until > now() FOR UPDATE`,
    [claim.bagId, claim.worker, claim.fence],
  );
  if (rowCount !== 1)
    throw claimLost(`bag ${claim.bag} was taken over by another worker and nothing was recorded`, { bag: claim.bagId });
}

async function passOn(client: pg.PoolClient, claim: Claim, options: TransitionOptions): Promise<readonly DueBag[]> {
  const {
    rows: [row],
  } = await client.query<{ state: DueBag['state']; due: boolean }>(
    `UPDATE bag SET state = ${leastState}, claimed_by = NULL, lease_until = NULL, attempts = 0, waiting_since = NULL, note = NULL,
       not_before = CASE WHEN due_now AND ${leastState} IN ('sealed', 'fetchVerified') THEN now() ELSE now() + $2 * interval '1 ms' END, sealed_at = CASE WHEN $3 THEN coalesce(sealed_at, now()) ELSE sealed_at END
     WHERE id = $1 RETURNING state, state <> 'done' AND not_before <= now() AS due`,
    [claim.bagId, options.delayMs ?? 0, options.sealed ?? false],
  );
  return row?.due ? [{ bagId: claim.bagId, state: row.state }] : [];
}

async function filesetsOf(client: pg.PoolClient, transitions: readonly Transition[]): Promise<readonly string[]> {
  if (transitions.length === 0) return [];
  const { rows } = await client.query<{ fileset: string }>(`SELECT DISTINCT fileset FROM file WHERE id = ANY($1)`, [
    idsOf(transitions),
  ]);
  return rows.map((row) => row.fileset);
}
