import type { Scan } from '@coldroom/register';
import { notFound } from '../failure';
import type { Reviewer } from '../requests/review';
import { requireRight, requireSight } from '../rights/require';
import { requestScan } from './scan';

/** The newest finished scan; undefined before the first. `Refused` `NO_SUCH_PAGE` without the right `seeStuck`. */
export async function lastScanFor(reviewer: Reviewer): Promise<Scan | undefined> {
  requireSight(reviewer, 'seeStuck');
  return reviewer.register.scans.last();
}

/** `Refused` `NO_SUCH_PAGE` as `lastScanFor`, or `NO_SUCH_SCAN`. */
export async function scanFor(reviewer: Reviewer, id: bigint): Promise<Scan> {
  requireSight(reviewer, 'seeStuck');
  const scan = await reviewer.register.scans.get(id);
  if (!scan) throw notFound(`scan ${id}`, 'NO_SUCH_SCAN', 'a request for a scan answers its number');
  return scan;
}

/** Requests a scan from the scanner; returns its number. `Refused` `NOT_PERMITTED`. */
export async function requestScanAs(reviewer: Reviewer): Promise<bigint> {
  requireRight(reviewer, 'scan', 'You may not request a scan.');
  return requestScan(reviewer.register, reviewer.actor.name);
}
