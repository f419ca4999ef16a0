import { claimLost } from '@coldroom/domain';
import { EndOfBatch } from './failures';

/** Cells of the memory shared by the thread that works and the one that waits for it. */
export const progressCells = { bytes: 0, stopped: 1 } as const;

/** The claim under which a thread works: whether it may still change anything, and its progress. */
export class Claim {
  constructor(
    private readonly deadline: BigInt64Array,
    private readonly progress: BigInt64Array,
  ) {}

  /**
   * Called right before each step that others would see. Ends the batch with `Transient` `CLAIM_LOST` once the claim
   * may have run out: a thread frozen past its lease changes nothing when it wakes.
   */
  check(): void {
    const late = process.hrtime.bigint() >= Atomics.load(this.deadline, 0);
    if (!late && Atomics.load(this.progress, progressCells.stopped) === 0n) return;
    throw new EndOfBatch(claimLost(late ? 'its claim ran out' : 'it was stopped'));
  }

  /** Reports bytes as done. */
  done(bytes: number): void {
    Atomics.add(this.progress, progressCells.bytes, BigInt(bytes));
  }
}
