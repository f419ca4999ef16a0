import { Transient, type Work } from '@coldroom/domain';

/** Called right before the appliance is told anything: a worker that lost its claim tells it nothing. */
export function checkClaim({ signal, deadline }: Pick<Work, 'signal' | 'deadline'>): void {
  if (!signal.aborted && process.hrtime.bigint() < Atomics.load(deadline, 0)) return;
  throw new Transient('CLAIM_LOST', 'The work was given up at once because its claim ran out; it is done again by whoever holds the claim.', {}, { cause: signal.reason });
}
