import { codeOf, messageOf, type Store, type Work } from '@coldroom/domain';
import { Bench, Broken, NotTried } from './bench';
import { checks } from './checks';

export interface PromiseFinding {
  readonly promise: string;
  readonly outcome: 'kept' | 'broken' | 'not tried';
  readonly reason?: string;
}

/**
 * Holds a live store to its promises, in a bag of its own that stays there, and tells of each as it is tried. The bag's name must be
 * a new one; `directory` an empty one of ours alone. Never rejects for what the store does: that is a finding.
 */
export async function* validateStore(
  store: Store,
  bag: string,
  directory: string,
  work: Work,
): AsyncGenerator<PromiseFinding> {
  const bench = await Bench.open(store, bag, directory, work);
  for (const { promise, check } of checks) {
    yield await check(bench).then(
      (): PromiseFinding => ({ promise, outcome: 'kept' }),
      (error: unknown) => broken(promise, error),
    );
  }
}

function broken(promise: string, error: unknown): PromiseFinding {
  if (error instanceof NotTried) return { promise, outcome: 'not tried', reason: error.message };
  return {
    promise,
    outcome: 'broken',
    reason: error instanceof Broken ? error.message : `${codeOf(error)}: ${messageOf(error)}`,
  };
}
