import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, messageOf } from '@coldroom/domain';
import type { Target } from '@coldroom/register';

const pauseMs = 1000;

/** What whoever asked may want to know before the operation ends. */
export type Notice =
  | { readonly kind: 'busy'; readonly message: string; readonly limitMs: number }
  | { readonly kind: 'partly done'; readonly targets: readonly Target[] };
export type Notify = (notice: Notice) => void;

/** Repeats while a worker holds a bag, for at most a minute; then the last refusal is thrown. */
export async function untilNotBusy<T>(notify: Notify, work: () => Promise<T>, limitMs = 60_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) !== 'BAG_BUSY' || performance.now() >= deadline) throw error;
      if (isFirst) notify({ kind: 'busy', message: messageOf(error), limitMs });
      await sleep(pauseMs);
    }
  }
}

/** Processes one target after another, each when its bags are free. If one fails, it reports which were done before. */
export async function oneByOne<K extends Target, T>(
  notify: Notify,
  targets: readonly K[],
  act: (target: K) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  for (const target of targets) {
    try {
      results.push(await untilNotBusy(notify, () => act(target)));
    } catch (error) {
      if (results.length > 0) notify({ kind: 'partly done', targets: targets.slice(0, results.length) });
      throw error;
    }
  }
  return results;
}

/** The sum of each count; `zero` names the counts. */
export function summed<K extends string>(
  results: readonly Readonly<Record<NoInfer<K>, number>>[],
  zero: Record<K, number>,
): Readonly<Record<K, number>> {
  return results.reduce<Record<K, number>>(
    (sum, one) => {
      for (const key of Object.keys(zero) as K[]) sum[key] += one[key];
      return sum;
    },
    { ...zero },
  );
}
