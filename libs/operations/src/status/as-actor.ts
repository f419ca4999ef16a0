import type { Switch } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { requireSight } from '../rights/require';
import { stuckIn, type Stuck } from '../stuck';
import { stoppedSwitches } from '../switches/stopped';
import { statusOf, type Status } from './status';

/** As `statusOf`. `Refused` `NO_SUCH_PAGE` without the right `seeStuck`. */
export async function statusFor(reviewer: Reviewer): Promise<Status> {
  requireSight(reviewer, 'seeStuck');
  return statusOf(reviewer.register);
}

/** All stuck files by code, with what helps. `Refused` `NO_SUCH_PAGE` as `statusFor`. */
export async function stuckFor(reviewer: Reviewer): Promise<readonly Stuck[]> {
  requireSight(reviewer, 'seeStuck');
  return stuckIn(reviewer.register);
}

/** What is stopped. `Refused` `NO_SUCH_PAGE` as `statusFor`. */
export async function stoppedFor(reviewer: Reviewer): Promise<readonly Switch[]> {
  requireSight(reviewer, 'seeStuck');
  return stoppedSwitches(reviewer.register);
}
