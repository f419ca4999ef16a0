import type { Transient } from '@coldroom/domain';
import type { StageWork } from './stage';

/** What a worker has claimed: a bag, or an import order. */
export interface Claimed {
  /** Renews the claim in the register; false if it is lost. */
  renew(leaseMs: number, doneBytes: number): Promise<boolean>;
  /** `CLAIM_LOST`, with the name of what was claimed. */
  lost(): Transient;
}

export interface LeaseBounds {
  readonly leaseMs: number;
  /** When the register was asked for the claim, on the process's own clock. */
  readonly claimedAt: bigint;
  readonly stop: AbortSignal;
}

/**
 * Keeps a claim while work continues. The deadline is counted from before the request to the register, so that it is
 * never later than the register's own. Once it has passed, nothing more may be changed. The time of day is checked too,
 * because the other clock stops while a machine is suspended.
 */
export class Lease {
  private readonly abort = new AbortController();
  private readonly deadline = new BigInt64Array(new SharedArrayBuffer(8));
  private readonly timer: NodeJS.Timeout;
  private readonly leaseMs: number;
  private doneBytes = 0;
  private timeOfDayLimit = 0;

  constructor(
    private readonly claimed: Claimed,
    { leaseMs, claimedAt, stop }: LeaseBounds,
  ) {
    this.leaseMs = leaseMs;
    this.extend(claimedAt);
    this.timer = setInterval(() => void this.renew(), leaseMs / 3);
    if (stop.aborted) this.abort.abort(stop.reason);
    stop.addEventListener('abort', () => this.abort.abort(stop.reason), { once: true, signal: this.abort.signal });
  }

  readonly work: StageWork = {
    signal: this.abort.signal,
    deadline: this.deadline,
    progress: (bytes) => {
      this.doneBytes += bytes;
    },
    check: () => {
      this.abort.signal.throwIfAborted();
      if (process.hrtime.bigint() >= Atomics.load(this.deadline, 0) || Date.now() >= this.timeOfDayLimit)
        throw this.claimed.lost();
    },
  };

  end(): void {
    clearInterval(this.timer);
    this.abort.abort(new Error('the work is over'));
  }

  private async renew(): Promise<void> {
    const asked = process.hrtime.bigint();
    try {
      if (await this.claimed.renew(this.leaseMs, this.doneBytes)) this.extend(asked);
      else this.abort.abort(this.claimed.lost());
    } catch {
      // The register does not answer: the lease is valid until its deadline, and renewal is tried again before then.
    }
  }

  /** Leaves a tenth as a margin for the time between the check of the clock and the step itself. */
  private extend(from: bigint): void {
    const end = from + BigInt(Math.round(this.leaseMs * 0.9 * 1e6));
    Atomics.store(this.deadline, 0, end);
    this.timeOfDayLimit = Date.now() + Number(end - process.hrtime.bigint()) / 1e6;
  }
}
