import type { Availability, Outcome } from '@coldroom/domain';
import type { Bucket } from './bucket';
import { missing } from './digest';
import { S3Failure } from './failures';
import type { Listed, ObjectHead } from './object-head';

/** Storage classes whose objects, and no others, a listing shows to be readable at once. */
const atHand = new Set(['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'REDUCED_REDUNDANCY', 'GLACIER_IR']);
const archives = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** What a listing shows of it: that it can be read at once, or nothing. */
export function onlineByListing(listed: Listed | undefined): Availability | undefined {
  return listed?.storageClass !== undefined && atHand.has(listed.storageClass)
    ? { online: true, state: listed.storageClass }
    : undefined;
}

/** Whether an object can be read at once; an archived one that is not being restored is requested, once. */
export async function availability(
  bucket: Bucket,
  { key, path }: { readonly key: string; readonly path: Buffer },
  order: { readonly tier: string; readonly days: number },
  beforeAsking: () => void,
): Promise<Outcome<Availability>> {
  const head = await bucket.head(key);
  if (!head) return { error: missing(path) };
  const known = availabilityOf(head);
  if (known) return { ok: known };
  beforeAsking();
  try {
    await bucket.restore(key, order);
  } catch (error) {
    if (!(error instanceof S3Failure) || error.code !== 'RestoreAlreadyInProgress') throw error;
  }
  return { ok: { online: false, state: 'in progress' } };
}

/** By its headers (S3 API, HeadObject); undefined if it is archived and no one has requested it. */
function availabilityOf({ storageClass, archiveStatus, restore }: ObjectHead): Availability | undefined {
  if (!archives.has(storageClass) && archiveStatus === undefined) return { online: true, state: storageClass };
  if (restore === undefined) return undefined;
  if (/ongoing-request="true"/.test(restore)) return { online: false, state: 'in progress' };
  return { online: true, state: `until ${/expiry-date="([^"]*)"/.exec(restore)?.[1] ?? 'further notice'}` };
}
