import { fileStates, requestStates, type FileState, type RequestState } from '@coldroom/domain';
import type { Register, Scan, Switch } from '@coldroom/register';
import { amount, type Amount } from '../selected-files';
import { stuckIn, type Stuck } from '../stuck';
import { stoppedSwitches } from '../switches/stopped';

export interface Status {
  readonly requests: readonly { readonly state: RequestState; readonly requests: number }[];
  readonly files: readonly (Amount & { readonly state: FileState })[];
  readonly stuck: readonly Stuck[];
  readonly waiting: readonly {
    readonly reason: string;
    readonly bags: number;
    readonly files: number;
    readonly until: Date;
    /** Since when, at the longest; null for a wait without a deadline. */
    readonly since: Date | null;
  }[];
  readonly stopped: readonly Switch[];
  readonly lastScan: Scan | null;
}

/** All requests and files by state, what needs a person, and the last scan. */
export async function statusOf(register: Register): Promise<Status> {
  const { reports, scans } = register;
  const requests = await reports.requestStates();
  const counts = await reports.counts();
  return {
    requests: requestStates.flatMap((state) => requests.filter((row) => row.state === state)),
    files: fileStates
      .map((state) => ({ state, ...amount(counts, (row) => row.state === state) }))
      .filter((row) => row.files > 0),
    stuck: await stuckIn(register),
    waiting: await reports.waiting(),
    stopped: await stoppedSwitches(register),
    lastScan: (await scans.last()) ?? null,
  };
}
