import { z } from 'zod';
import { workStates } from '@coldroom/domain';
import { requestListing } from './requests';
import { storeHealth } from './stores';
import {
  amount,
  bytes,
  count,
  event,
  fileState,
  id,
  list,
  oldStore,
  pageOf,
  permitted,
  requestState,
  stoppedSwitch,
  stuck,
  time,
} from './values';

export const scan = z
  .object({
    id,
    askedAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable().describe('Null until it is done'),
    failed: z.string().nullable(),
    report: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'Scan' });

export const lastScan = z.object({ scan: scan.nullable().describe('Null before the first') });
export const scanRequested = z.object({ scan: id });

export const status = z
  .object({
    requests: z.array(z.object({ state: requestState, requests: count })),
    files: z.array(z.object({ state: fileState, ...amount })),
    stuck: z.array(stuck),
    waiting: z.array(z.object({ reason: z.string(), bags: count, files: count, until: time, since: time.nullable() })),
    stopped: z.array(stoppedSwitch),
    lastScan: scan.nullable(),
  })
  .meta({ id: 'Status' });

const newestRequests = z.object({
  newest: z.array(requestListing),
  totals: z.object({ requests: count, images: count, ...amount }),
});

export const overview = z
  .object({
    waiting: newestRequests.describe('New requests'),
    running: newestRequests.describe('Requests that are being archived, or need attention'),
    stages: z
      .array(
        z.object({ state: z.enum([...workStates, 'done']), bags: count, ...amount, doneBytes: bytes, claimed: count }),
      )
      .nullable(),
    stuck: z.array(stuck).nullable(),
    stopped: z.array(stoppedSwitch).nullable(),
    stores: z.array(storeHealth.extend({ isOld: oldStore })).nullable(),
    held: z.object({ ...amount, from: time.nullable(), until: time.nullable() }).nullable(),
    lastScan: scan.nullable(),
    permitted,
  })
  .meta({ id: 'Overview', description: 'Null is what you may not see' });

export const stuckList = list(stuck);
export const stoppedList = list(stoppedSwitch);
export const resumed = z.object({ resumed: z.array(z.string()), stillStopped: z.array(z.string()) });
export const eventsPage = pageOf(event);
