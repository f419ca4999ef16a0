import { Refused } from '@coldroom/domain';
import { requireRight } from '../rights/require';
import type { Reviewer } from '../requests/review';
import { resume, type Resumed } from './resume';
import { stop } from './stop';

/** Stops everything as the actor. `Refused` `NOT_PERMITTED`, or `REASON_MISSING`. */
export async function stopAs(reviewer: Reviewer, reason: string): Promise<void> {
  requireRight(reviewer, 'stop', 'You may not stop Coldroom.');
  if (!reason.trim()) throw new Refused('REASON_MISSING', 'Say why everything is stopped: others will read it.');
  await stop(reviewer.register, reason.trim(), reviewer.actor.name);
}

/** Resumes one switch or all that the actor has seen stopped. `Refused` `NOT_PERMITTED`, or as `resume`. */
export async function resumeAs(reviewer: Reviewer, name: string | undefined, seenUntil: Date): Promise<Resumed> {
  requireRight(reviewer, 'resume', 'You may not resume Coldroom.');
  return resume(reviewer.register, name, reviewer.actor.name, seenUntil);
}
