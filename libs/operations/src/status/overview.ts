import type { RequestState } from '@coldroom/domain';
import type { Held, Register, RequestTotals, Scan, StageProgress, StoreHealth, Switch } from '@coldroom/register';
import { may, type Action } from '../rights/rights';
import { requestsFor, totalsFor, type RequestListing, type Reviewer } from '../requests/review';
import { isOld } from '../stores/is-old';
import { stuckIn, type Stuck } from '../stuck';
import { stoppedSwitches } from '../switches/stopped';

/** What someone sees first: what waits for them, what runs, what is stuck. */
export interface Overview {
  /** New requests that the person may see. */
  readonly waiting: NewestRequests;
  /** Requests that the person may see and that are being archived. */
  readonly running: NewestRequests;
  /** The rest only for those who may see it. */
  readonly stages: readonly StageProgress[] | null;
  readonly stuck: readonly Stuck[] | null;
  readonly stopped: readonly Switch[] | null;
  readonly stores: readonly StoreState[] | null;
  readonly held: Held | null;
  readonly lastScan: Scan | null;
  readonly permitted: readonly Action[];
}

export interface StoreState extends StoreHealth {
  /** What was found may no longer be true. */
  readonly isOld: boolean;
}

/** The newest of several requests, and what all of them are together. */
export interface NewestRequests {
  readonly newest: readonly RequestListing[];
  readonly totals: RequestTotals;
}

const shownRequests = 10;
const everyones = ['scan', 'stop', 'resume', 'seeStuck', 'seeStores'] as const;

export async function overviewFor(reviewer: Reviewer): Promise<Overview> {
  const { register, actor, policy } = reviewer;
  const permitted = everyones.filter((action) => may(actor.roles, action, ['other'], policy));
  const all = permitted.includes('seeStuck');
  return {
    waiting: await newestRequests(reviewer, ['New']),
    running: await newestRequests(reviewer, ['Error', 'Running', 'Approved']),
    stages: all ? await unfinished(register) : null,
    stuck: all ? await stuckIn(register) : null,
    stopped: all ? await stoppedSwitches(register) : null,
    stores: permitted.includes('seeStores') ? await storeStates(register) : null,
    held: all ? await register.meaning.held() : null,
    lastScan: (await register.scans.last()) ?? null,
    permitted,
  };
}

async function newestRequests(reviewer: Reviewer, states: readonly RequestState[]): Promise<NewestRequests> {
  const totals = await totalsFor(reviewer, { states });
  return {
    newest: totals.requests === 0 ? [] : await requestsFor(reviewer, { states }, { limit: shownRequests }),
    totals,
  };
}

async function storeStates({ storeHealth }: Register): Promise<readonly StoreState[]> {
  return (await storeHealth.list()).map((health) => ({ ...health, isOld: isOld(health) }));
}

async function unfinished({ reports }: Register): Promise<readonly StageProgress[]> {
  return (await reports.progress()).filter(
    ({ state }) => state !== 'done' && state !== 'linked' && state !== 'recalled',
  );
}
