import { setTimeout as sleep } from 'node:timers/promises';

/** Limits reading to an average number of bytes per second: waits for what was read before more is read. */
export class Pace {
  private readyAt = performance.now();

  constructor(private readonly bytesPerSecond: number) {}

  /** How much to read before the next wait: about a second's worth. */
  get batchBytes(): bigint {
    return Number.isFinite(this.bytesPerSecond) ? BigInt(Math.ceil(this.bytesPerSecond)) : 1n << 30n;
  }

  /**
   * Resolves once these bytes would have been read at the limited rate; at once if reading was slower. Rejects when the
   * signal aborts.
   */
  async after(bytes: bigint, signal?: AbortSignal): Promise<void> {
    const now = performance.now();
    this.readyAt = Math.max(this.readyAt, now - 1000) + (Number(bytes) * 1000) / this.bytesPerSecond;
    if (this.readyAt > now)
      await sleep(Math.min(this.readyAt - now, 2 ** 31 - 1), undefined, { ...(signal ? { signal } : {}) });
  }
}

/** Splits items into runs of at most this many bytes, at least one item each. */
export function* inRuns<T extends { readonly size: bigint }>(
  items: readonly T[],
  bytes: bigint,
): Generator<readonly T[]> {
  let run: T[] = [];
  let sum = 0n;
  for (const item of items) {
    if (run.length > 0 && sum + item.size > bytes) {
      yield run;
      run = [];
      sum = 0n;
    }
    run.push(item);
    sum += item.size;
  }
  if (run.length > 0) yield run;
}
