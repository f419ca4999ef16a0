import {
  Refused,
  type Answer,
  type ColdroomError,
  type CopyDigest,
  type CopyStatus,
  type DigestAlgorithm,
  type Outcome,
  type Store,
} from '@coldroom/domain';

interface Digested {
  readonly store: Pick<Store, 'name' | 'acceptedReads'>;
  readonly outcome: Outcome<CopyDigest>;
}

/**
 * One digest for all copies. If they differ, it is not a digest but the words of all, which equal nothing. A copy that
 * was not read as its own store requires is `Refused` `COPY_NOT_PROVEN`. A fault takes precedence over a copy that is
 * only offline.
 */
export function mergeDigests(answers: readonly Digested[]): Outcome<CopyDigest> {
  const errors = answers.flatMap(({ outcome }): ColdroomError[] => ('error' in outcome ? [outcome.error] : []));
  const failed = errors.find(({ kind }) => kind !== 'not-yet') ?? errors[0];
  if (failed) return { error: failed };
  const copies = answers.map(({ store, outcome }) => ({ store, copy: (outcome as { readonly ok: CopyDigest }).ok }));
  const unproven = copies.find(({ store, copy }) => !store.acceptedReads.includes(copy.read));
  if (unproven)
    return {
      error: new Refused(
        'COPY_NOT_PROVEN',
        `The copy in store ${unproven.store.name} was read back as ${unproven.copy.read}, which its settings do not accept as proof.`,
      ),
    };
  const [first] = copies;
  if (!first) throw new RangeError('no copies');
  const algorithms = Object.keys(first.copy.digests) as DigestAlgorithm[];
  const other = copies.find(({ copy }) => copy.size !== first.copy.size);
  return {
    ok: {
      digests: Object.fromEntries(
        algorithms.map((algorithm) => [
          algorithm,
          same(copies.map(({ store, copy }) => [store.name, copy.digests[algorithm] ?? 'none'])),
        ]),
      ),
      size: (other ?? first).copy.size,
      read: first.copy.read,
      version: versions(copies.map(({ store, copy }) => [store.name, copy.version])),
    },
  };
}

/**
 * One status for all copies: as durable as the least durable of them. A copy that is missing in one store shows in
 * `durable` and version.
 */
export function mergeStatus(
  answers: readonly { readonly name: string; readonly status: CopyStatus | undefined }[],
): CopyStatus | undefined {
  const present = answers.flatMap(({ status }) => (status ? [status] : []));
  const [first] = present;
  if (!first) return undefined;
  const complete = present.length === answers.length;
  return {
    size: (present.find(({ size }) => size !== first.size) ?? first).size,
    version: versions(answers.map(({ name, status }) => [name, status?.version ?? 'missing'])),
    durable: complete ? least(present.map(({ durable }) => durable)) : 'no',
    replicationState: answers.map(({ name, status }) => `${name}: ${status?.replicationState ?? 'missing'}`).join(', '),
    writable: answers[0]?.status?.writable ?? 'unknown', // links lead to the first
  };
}

function least(answers: readonly Answer[]): Answer {
  if (answers.includes('no')) return 'no';
  return answers.includes('unknown') ? 'unknown' : 'yes';
}

function same(values: readonly (readonly [store: string, value: string])[]): string {
  const [first] = values;
  if (values.every(([, value]) => value === first?.[1])) return first?.[1] ?? '';
  return values.map(([store, value]) => `${value} in ${store}`).join(', ');
}

const versions = (each: readonly (readonly [store: string, version: string])[]): string => JSON.stringify(each);
