import type { Register, Scan, StageProgress, Switch } from '@coldroom/register';
import { may, type Action } from '../rights/rights';
import { requestsFor, type RequestListing, type Reviewer } from '../requests/review';
import { stuckIn, type Stuck } from '../stuck';
import { stoppedSwitches } from '../switches/stopped';

/** What someone sees first: what waits for them, what runs, what is stuck. */
export interface Overview {
  /** New requests that the person may see. */
  readonly waiting: readonly RequestListing[];
  /** Requests that the person may see and that are being archived. */
  readonly running: readonly RequestListing[];
  /** The rest only for those who may see it. */
  readonly stages: readonly StageProgress[] | null;
  readonly stuck: readonly Stuck[] | null;
  readonly stopped: readonly Switch[] | null;
  readonly lastScan: Scan | null;
  readonly permitted: readonly Action[];
}

const everyones = ['scan', 'stop', 'resume', 'seeStuck'] as const;

export async function overviewFor(reviewer: Reviewer): Promise<Overview> {
  const { register, actor, policy } = reviewer;
  const requests = await requestsFor(reviewer, { states: ['New', 'Approved', 'Running', 'Error'] });
  const permitted = everyones.filter((action) => may(actor.roles, action, ['other'], policy));
  const all = permitted.includes('seeStuck');
  return {
    waiting: requests.filter(({ state }) => state === 'New'),
    running: requests.filter(({ state }) => state !== 'New'),
    stages: all ? await unfinished(register) : null,
    stuck: all ? await stuckIn(register) : null,
    stopped: all ? await stoppedSwitches(register) : null,
    lastScan: (await register.scans.last()) ?? null,
    permitted,
  };
}

async function unfinished({ reports }: Register): Promise<readonly StageProgress[]> {
  return (await reports.progress()).filter(
    ({ state }) => state !== 'done' && state !== 'linked' && state !== 'recalled',
  );
}
