import { NotYet, type AttemptResult } from '@coldroom/domain';
import type { ImportStep } from '@coldroom/register';
import type { AttemptSettings } from './settings';

export interface Situation {
  /** How many attempts there were, without those that were cut off because their service stopped. */
  readonly attempts: number;
  /** When the session of the last one was closed; null if that attempt was judged before. */
  readonly closedAt: Date | null;
  /** A person wants the order ended. */
  readonly cancelled: boolean;
}

/**
 * What follows from what OMERO has, all sessions being closed. All of it: the import is taken over, also if a person has
 * cancelled it meanwhile. Otherwise `NotYet` `IMPORT_MAY_BE_LATE` until nothing can appear any longer; then parts are left to
 * a person, and what is missing is tried again until the attempts are used up.
 */
export function afterLook(
  { complete, missing, unclear }: AttemptResult,
  { attempts, closedAt, cancelled }: Situation,
  { lateMs, pausesMs }: Pick<AttemptSettings, 'lateMs' | 'pausesMs'>,
): ImportStep {
  if (missing.length === 0 && unclear.length === 0) return { event: 'takeOver', to: 'imported' };
  const waitMs = closedAt ? closedAt.getTime() + lateMs - Date.now() : 0;
  if (waitMs > 0)
    throw new NotYet(
      'IMPORT_MAY_BE_LATE',
      `OMERO has ${complete.size} of ${complete.size + missing.length + unclear.length} filesets, and may still finish others. It is asked again in ${Math.ceil(waitMs / 60_000)} minutes, before anything is tried again.`,
      { delayMs: Math.min(waitMs, 60_000), noDeadline: true },
    );
  if (unclear.length > 0) return incomplete(unclear);
  if (cancelled) return { event: 'attempt', to: 'importing' };
  const pause = attempts === 0 ? 0 : pausesMs[attempts - 1];
  if (pause === undefined)
    return {
      event: 'fail',
      to: 'stuck',
      code: 'IMPORT_FAILED',
      reason: `OMERO did not import ${missing.length} filesets in ${attempts} attempts. See the log of the last attempt, correct what it names, and retry.`,
    };
  return { event: 'attempt', to: 'importing', delayMs: pause };
}

function incomplete(unclear: readonly bigint[]): ImportStep {
  const ids = unclear.slice(0, 20).map((id) => `Fileset:${id}`);
  return {
    event: 'fail',
    to: 'stuck',
    code: 'IMPORT_INCOMPLETE',
    reason: `OMERO has filesets that are not what was ordered: in part, twice, without an image, with fewer images than the importer printed, or in another group (${ids.join(', ')}). Look at them in OMERO, delete them there if they are of no use, and retry.`,
  };
}

export const stillOpen = (sessionId: bigint, sessionSeconds: number): NotYet =>
  new NotYet(
    'IMPORT_SESSION_OPEN',
    `Session ${sessionId} of the last attempt is still open, and its key is not on this machine. OMERO ends it ${Math.ceil(sessionSeconds / 60)} minutes after it was opened. Nothing is tried before that.`,
    { delayMs: 60_000, noDeadline: true },
  );
