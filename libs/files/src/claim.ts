import { claimLost } from '@coldroom/domain';
import { EndOfBatch } from './failures';

/** Cells of the memory shared by the thread that works and the one that waits for it. */
export const progressCells = { bytes: 0, stopped: 1 } as const;

const napMs = 200;
const napping = new Int32Array(new SharedArrayBuffer(4));

/** The claim under which a thread works: whether it may still change anything, and its progress. */
export class Claim {
  private pace: { readonly bytesPerSecond: number; readonly since: bigint; bytes: number } | undefined;

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

  /** From now on, `done` waits where the work is faster than this. */
  limit(bytesPerSecond: number): void {
    this.pace = { bytesPerSecond, since: process.hrtime.bigint(), bytes: 0 };
  }

  /** Reports bytes as done. */
  done(bytes: number): void {
    Atomics.add(this.progress, progressCells.bytes, BigInt(bytes));
    if (!this.pace) return;
    this.pace.bytes += bytes;
    const tookMs = Number(process.hrtime.bigint() - this.pace.since) / 1e6;
    const aheadMs = (this.pace.bytes / this.pace.bytesPerSecond) * 1000 - tookMs;
    // In short naps: a stop is seen at each.
    for (let left = aheadMs; left > 0; left -= napMs) {
      this.check();
      Atomics.wait(napping, 0, 0, Math.min(left, napMs));
    }
  }
}
