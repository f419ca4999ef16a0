import { claimLost, type Work } from '@coldroom/domain';

/**
 * Called right before a store is asked to change anything: without a valid claim nothing is changed. `Transient`
 * `CLAIM_LOST`.
 */
export function checkClaim({ signal, deadline }: Pick<Work, 'signal' | 'deadline'>): void {
  if (!signal.aborted && process.hrtime.bigint() < Atomics.load(deadline, 0)) return;
  throw claimLost(signal.aborted ? 'it was stopped' : 'its claim ran out', { cause: signal.reason as unknown });
}
