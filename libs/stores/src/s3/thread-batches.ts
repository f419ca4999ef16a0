import type { CopyDigest, FetchOrder, Outcome, Source, Work } from '@coldroom/domain';
import { outcomes, wirePath, type Threads, type WireOutcome } from '@coldroom/files';
import { ofTarget } from '../file/fetch';
import type { DigestTask } from './digest';
import type { CopyKeys } from './keys';
import type { PutTask } from './put';
import type { S3Task } from './worker';

/** An item of a batch, and the keys of its copy. */
interface Keyed<T> extends CopyKeys {
  readonly item: T;
}

export async function putBatch(
  threads: Threads<S3Task>,
  sources: readonly Keyed<Source>[],
  prefixes: Omit<PutTask, 'sources'>,
  work: Work,
): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
  const task: PutTask = {
    ...prefixes,
    sources: sources.map(({ item: { root, path, identity }, ...keys }) => ({
      ...keys,
      root,
      path: wirePath(path),
      identity,
    })),
  };
  return outcomes(
    (await threads.run({ verb: 'put', task }, work)) as readonly WireOutcome<{ readonly size: bigint }>[],
  );
}

export async function digestBatch(
  threads: Threads<S3Task>,
  paths: readonly Keyed<Buffer>[],
  how: Omit<DigestTask, 'copies'>,
  work: Work,
): Promise<readonly Outcome<CopyDigest>[]> {
  const task: DigestTask = { ...how, copies: paths.map(({ item, ...keys }) => ({ ...keys, path: wirePath(item) })) };
  return outcomes((await threads.run({ verb: 'digest', task }, work)) as readonly WireOutcome<CopyDigest>[]);
}

/** One batch for each root that is written to, one after the other; errors of a root are reported as the target's. */
export async function fetchBatches(
  threads: Threads<S3Task>,
  orders: readonly Keyed<FetchOrder>[],
  work: Work,
): Promise<readonly Outcome<{ readonly size: bigint }>[]> {
  const results = new Map<FetchOrder, Outcome<{ readonly size: bigint }>>();
  for (const [root, group] of Map.groupBy(orders, ({ item }) => item.target.root)) {
    const task = {
      root,
      orders: group.map(({ item: { path, size, target }, ...keys }) => ({
        ...keys,
        path: wirePath(path),
        size,
        target: wirePath(target.path),
      })),
    };
    const fetched = await threads.run({ verb: 'fetch', task }, work).catch((error: unknown) => {
      throw ofTarget(error, root);
    });
    outcomes(fetched as readonly WireOutcome<{ readonly size: bigint }>[]).forEach((outcome, at) =>
      results.set(group[at]!.item, outcome),
    );
  }
  return orders.map(({ item }) => results.get(item)!);
}
