import type pg from 'pg';
import { crashPoint, nextImportState, type ImportEvent, type ImportState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { countFailures } from '../transitions/switches';
import { writeImportEvent } from './events';
import { lockOrder, type ImportClaim } from './import-claims';
import type { ImportLock } from './orders';
import { noLongerStands } from './standing';

/** What becomes of an order, with what was found out on the way. */
export interface ImportStep {
  readonly event: ImportEvent;
  readonly to: ImportState;
  /** For `fail` and `cancel`: why. */
  readonly code?: string;
  readonly reason?: string;
  readonly content?: string;
  readonly lock?: ImportLock;
  /** All of it was proven to be in OMERO. */
  readonly proven?: true;
  /** Not offered again before this many milliseconds have passed. */
  readonly delayMs?: number;
  /** For `fail`: more stuck orders than this within an hour stop all imports. */
  readonly errorLimit?: number;
}

/** The switch of all work on orders. */
export const importSwitch = 'stage:import';

/**
 * Applies one transition to a claimed order, after what `write` records with it, and gives the claim back. `RangeError` if
 * the table of transitions has no such step; `CLAIM_LOST` as `lockOrder` says. In both cases nothing is changed.
 */
export async function advance(
  pool: pg.Pool,
  claim: ImportClaim,
  step: ImportStep,
  write: (client: pg.PoolClient) => Promise<void> = async () => undefined,
): Promise<void> {
  const { order, worker } = claim;
  if (!nextImportState(order.state, step.event)?.includes(step.to))
    throw new RangeError(`no transition ${step.event} from ${order.state} to ${step.to}`);
  await transaction(pool, async (client) => {
    await lockOrder(client, claim);
    await write(client);
    await client.query(
      `UPDATE import_order SET state = $2, stuck_from = $3, code = $4, reason = $5, content = coalesce($6, content),
         lock = coalesce($7, lock), proven_at = CASE WHEN $8 THEN now() ELSE proven_at END,
         not_before = now() + $9 * interval '1 ms',
         claimed_by = NULL, lease_until = NULL, attempts = 0, waiting_since = NULL, note = NULL,
         cancel_by = CASE WHEN $10 THEN NULL ELSE cancel_by END,
         source_taken_at = CASE WHEN $11 THEN NULL ELSE source_taken_at END
       WHERE id = $1`,
      [
        order.id,
        step.to,
        step.to === 'stuck' ? order.state : null,
        step.code ?? null,
        step.reason ?? null,
        step.content ?? null,
        step.lock ?? null,
        step.proven ?? false,
        step.delayMs ?? 0,
        // What is done before anyone could cancel it is not cancelled any longer, and a new failure is for a person to see.
        step.event === 'takeOver' || step.event === 'fail',
        // Files that were moved are back then; those of a cancelled order once it is released.
        ['ordered', 'done', 'emptied'].includes(step.to) || step.lock === 'links' || step.lock === 'none',
      ],
    );
    if (step.to === 'cancelled') await noLongerStands(client, order.id, worker);
    if (step.to === 'stuck' && step.errorLimit !== undefined)
      await countFailures(client, [importSwitch], 1, step.errorLimit, 'imports');
    const detail = step.reason === undefined ? undefined : { message: step.reason };
    await writeImportEvent(client, {
      importId: order.id,
      actor: worker,
      what: step.event,
      from: order.state,
      to: step.to,
      code: step.code,
      ...(detail ? { detail } : {}),
    });
    crashPoint('transition:1-before-commit');
  });
  crashPoint('transition:2-after-commit');
}
