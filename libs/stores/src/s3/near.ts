import { Refused, type Nearness, type Outcome } from '@coldroom/domain';
import { displayPath } from '@coldroom/files';
import type { Bucket, ObjectHead } from './bucket';
import { S3Failure } from './failures';

const archives = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** Whether an object can be read at once; one that is archived and not on its way is asked for, once. */
export async function nearness(bucket: Bucket, key: string, path: Buffer, order: { readonly tier: string; readonly days: number }, beforeAsking: () => void): Promise<Outcome<Nearness>> {
  const head = await bucket.head(key);
  if (!head) return { error: new Refused('COPY_MISSING', `The store has no copy of "${displayPath(path)}".`, { path: displayPath(path) }) };
  const known = nearnessOf(head);
  if (known) return { ok: known };
  beforeAsking();
  try {
    await bucket.restore(key, order);
  } catch (error) {
    if (!(error instanceof S3Failure) || error.code !== 'RestoreAlreadyInProgress') throw error;
  }
  return { ok: { near: false, state: 'in progress' } };
}

/** By its headers (S3 API, HeadObject); undefined where it is archived and nobody has asked for it. */
function nearnessOf({ storageClass, archiveStatus, restore }: ObjectHead): Nearness | undefined {
  if (!archives.has(storageClass) && archiveStatus === undefined) return { near: true, state: storageClass };
  if (restore === undefined) return undefined;
  if (/ongoing-request="true"/.test(restore)) return { near: false, state: 'in progress' };
  return { near: true, state: `until ${/expiry-date="([^"]*)"/.exec(restore)?.[1] ?? 'further notice'}` };
}
