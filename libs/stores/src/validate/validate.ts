import { codeOf, messageOf, type Store, type Work } from '@coldroom/domain';
import { Bench, Broken, NotTried } from './bench';
import { checks } from './checks';

export interface PromiseFinding {
  readonly promise: string;
  readonly outcome: 'kept' | 'broken' | 'not tried';
  readonly reason?: string;
}

/**
 * Tests the guarantees of a live store, in a bag of its own that stays there, and reports each as it is tested. The
 * bag's name must be new; `directory` must be empty and used by us alone. Never rejects because of what the store does:
 * that is a finding.
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
