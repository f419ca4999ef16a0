import { Transient, type Work } from '@coldroom/domain';

/**
 * Called right before a store is asked to change anything: without a valid claim nothing is changed. `Transient`
 * `CLAIM_LOST`.
 */
export function checkClaim({ signal, deadline }: Pick<Work, 'signal' | 'deadline'>): void {
  if (!signal.aborted && process.hrtime.bigint() < Atomics.load(deadline, 0)) return;
  const reason = signal.aborted ? 'it was asked to stop' : 'its claim ran out';
  throw new Transient(
    'CLAIM_LOST',
    `The work was given up at once because ${reason}; it is done again by whoever holds the claim.`,
    {},
    { cause: signal.reason },
  );
}
