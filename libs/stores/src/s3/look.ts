import { inParallel } from '../in-parallel';
import type { Bucket } from './bucket';
import { keyIn, type CopyKeys } from './keys';
import type { Listed, ObjectHead } from './object-head';

/** What is known of an object without reading it. */
export type Seen = Pick<ObjectHead, 'size' | 'version' | 'replication'>;

/** Up to this many are inspected one by one: a listing and its samples would cost as much. */
const few = 4;
/** Copies are read back before their bag is sealed: for this long after that, a listing of them is trusted. */
const freshMilliseconds = 3_600_000;

export interface LookOrder {
  readonly dataPrefix: string;
  readonly sealKey: string;
  readonly copies: readonly CopyKeys[];
  readonly parallel: number;
  /** Request each object's replication mark, which no listing shows, whatever the samples show. */
  readonly marks: boolean;
}

/**
 * Inspects copies of one bag, and whether it is sealed. One listing covers them all as long as it shows everything. For
 * that, the oldest and the newest, inspected directly, must have the version that the listing gives them (else the
 * bucket has versions, or its listings have other dates or ETags), and neither they nor the seal may carry a
 * replication mark. Otherwise, and for a bag that was sealed long ago, each object is inspected: an index outlives
 * objects that a server has lost.
 */
export async function lookAt(
  bucket: Bucket,
  order: LookOrder,
): Promise<{ readonly sealed: boolean; readonly seen: readonly (Seen | undefined)[] }> {
  const { dataPrefix, sealKey, copies, parallel, marks } = order;
  const lookAtEach = (): Promise<(Seen | undefined)[]> =>
    inParallel(copies, parallel, (copy) => lookAtOne(bucket, copy));
  if (copies.length <= few) {
    const sealed = await bucket.has(sealKey);
    return { sealed, seen: await lookAtEach() };
  }
  const seal = await bucket.head(sealKey);
  const sealed = seal !== undefined;
  if (seal && (marks || seal.replication !== undefined || !(seal.age >= 0 && seal.age < freshMilliseconds)))
    return { sealed, seen: await lookAtEach() };
  const listed = await listingOf(bucket, dataPrefix); // distinguishes a missing bucket from a missing seal, too
  const plain = copies.map((copy) => listed.get(keyIn(listed, copy))).map((each) => (each?.ofParts ? undefined : each));
  if (
    !(await samplesAgree(
      bucket,
      plain.filter((each) => each !== undefined),
      sealed,
    ))
  )
    return { sealed, seen: await lookAtEach() };
  const seen = await inParallel(copies, parallel, async (copy, at): Promise<Seen | undefined> => {
    const each = plain[at];
    return each ? { size: each.size, version: each.version, replication: undefined } : lookAtOne(bucket, copy);
  });
  return { sealed, seen };
}

async function lookAtOne(bucket: Bucket, { key, earlierKey }: CopyKeys): Promise<Seen | undefined> {
  return (await bucket.head(key)) ?? (earlierKey === undefined ? undefined : bucket.head(earlierKey));
}

async function samplesAgree(bucket: Bucket, plain: readonly Listed[], sealed: boolean): Promise<boolean> {
  const [first] = plain;
  if (!first) return false;
  const samples = [
    plain.reduce((one, other) => (other.modified < one.modified ? other : one), first),
    plain.reduce((one, other) => (other.modified > one.modified ? other : one), first),
  ];
  const heads = await Promise.all(samples.map(({ key }) => bucket.head(key)));
  return heads.every(
    (head, at) =>
      head !== undefined && head.version === samples[at]!.version && !(sealed && head.replication !== undefined),
  );
}

/** Everything below a prefix. */
export async function listingOf(bucket: Bucket, prefix: string): Promise<ReadonlyMap<string, Listed>> {
  const found = new Map<string, Listed>();
  for await (const page of bucket.list(prefix)) for (const each of page) found.set(each.key, each);
  return found;
}
