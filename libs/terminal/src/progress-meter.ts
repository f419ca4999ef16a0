import type { Amount, Register, StageProgress, StageTime } from '@coldroom/register';
import { Standing } from './standing';
import { costOf, costsFrom, pathStates, type Costs, type PathState } from './stage-costs';

/** Speeds are measured over the last minute, so that they follow changes; workers report their progress every 20 s. */
const windowMs = 60_000;
/** Before this, no time left is estimated. */
const firstMs = 3000;

export interface Reading {
  /** By any clock, in milliseconds. */
  readonly at: number;
  readonly stages: readonly StageProgress[];
  readonly times: readonly StageTime[];
  /** Approved requests that have no bags yet. */
  readonly approved: number;
}

export interface Pace {
  /** Bytes still to be hashed, copied and read back, each counted as often as it will be read. */
  readonly remaining: bigint;
  /** Files that have not reached their final state. */
  readonly files: number;
  /** Share of the work that is done, 0 to 1; 1 only if nothing is under way. It never falls, even if work is added. */
  readonly share: number;
  /** Bytes per second through all stages; 0 if nothing moved. */
  readonly rate: number;
  /** Bytes per second through each stage. */
  readonly rates: ReadonlyMap<StageProgress['state'], number>;
  /** Undefined if it cannot be estimated: `estimating` if it is too early, otherwise nothing moves. */
  readonly leftMs: number | undefined;
  readonly estimating: boolean;
}

/**
 * Computes progress from readings of the register. Each stage is weighted by its cost, so that linking many small files
 * counts for the time it takes, just as reading large ones does.
 */
export class ProgressMeter {
  private readonly window: Standing[] = [];
  private readonly workers = new Map<PathState, number>();
  private reading: Reading = { at: 0, stages: [], times: [], approved: 0 };
  private startedAt: number | undefined;
  private share = 0;

  /** @param archived what counts as done before the first reading */
  constructor(private readonly archived: Amount = { files: 0, bytes: 0n }) {}

  /** A meter for one request, or for all. */
  static async of({ reports }: Register, requestId?: bigint): Promise<ProgressMeter> {
    return new ProgressMeter(await reports.archivedOfRunning(requestId));
  }

  /** Reads the register. */
  async read({ reports }: Register, requestId?: bigint): Promise<Pace> {
    const states = await reports.requestStates(requestId);
    const stages = await reports.progress(requestId);
    return this.add({
      at: performance.now(),
      stages,
      times: await reports.stageTimes(pathStates),
      approved: states.find(({ state }) => state === 'Approved')?.requests ?? 0,
    });
  }

  add(reading: Reading): Pace {
    const before = this.window.at(-1);
    const now = before ? before.next(reading.at, reading.stages) : Standing.first(reading, this.archived);
    this.window.push(now);
    while (this.window.length > 2 && (this.window[1]?.at ?? 0) <= now.at - windowMs) this.window.shift();
    for (const { state, claimed } of reading.stages) {
      const at = pathStates.find((one) => one === state);
      if (at) this.workers.set(at, Math.max(this.workers.get(at) ?? 0, claimed));
    }
    this.startedAt ??= reading.at;
    this.reading = reading;
    return this.pace(before, now, costsFrom(reading.times));
  }

  /** The last reading. */
  get last(): Reading {
    return this.reading;
  }

  private pace(before: Standing | undefined, now: Standing, costs: Costs): Pace {
    const from = this.window[0] ?? now;
    const elapsed = now.at - from.at;
    const [done, left] = [now.done(costs), now.left(costs)];
    const amount = now.amountLeft();
    const over = amount.files === 0 && this.reading.approved === 0;
    const remaining = [...left.values()].reduce((sum, ms) => sum + ms, 0);
    this.share = over ? 1 : Math.min(0.99, this.shareAfter(done - (before?.done(costs) ?? 0), remaining));
    const speed = elapsed > 0 ? Math.max(0, done - from.done(costs)) / elapsed : 0;
    const young = now.at - (this.startedAt ?? now.at) < Math.max(firstMs, speed > 0 ? 0 : windowMs);
    const rates = now.rates(from);
    const told = !young && speed > 0 && this.reading.approved === 0;
    const leftMs = told ? this.timeFor(left, speed, from, costs) : undefined;
    return {
      ...amount,
      share: this.share,
      rate: [...rates.values()].reduce((sum, rate) => sum + rate, 0),
      rates,
      leftMs: over ? 0 : leftMs,
      estimating: !over && (young || this.reading.approved > 0),
    };
  }

  /**
   * Work done since the last reading takes its share of what was left: a better estimate then makes the bar slower or
   * faster, without a jump.
   */
  private shareAfter(done: number, remaining: number): number {
    const last = this.share === 1 ? 0 : this.share; // it was complete, and starts again
    return done > 0 ? last + ((1 - last) * done) / (done + remaining) : last;
  }

  /**
   * Stages run in parallel: together as fast as recently measured, and none faster than its workers allow. Work that
   * waits for other files, such as the links of a fileset, comes after them.
   */
  private timeFor(left: ReadonlyMap<PathState, number>, speed: number, from: Standing, costs: Costs): number {
    const most = Math.max(1, ...this.workers.values());
    let [together, slowest, after] = [0, 0, 0];
    for (const [state, ms] of left) {
      const alone = ms / (this.workers.get(state) || most);
      if (this.waits(state, from, costs)) after += alone;
      else [together, slowest] = [together + ms, Math.max(slowest, alone)];
    }
    return Math.max(together / speed, slowest) + after;
  }

  private waits(state: PathState, from: Standing, costs: Costs): boolean {
    const row = this.reading.stages.find((one) => one.state === state);
    const now = this.window.at(-1) ?? from;
    const cost = costs.get(state);
    return (
      row !== undefined &&
      row.claimed === 0 &&
      cost !== undefined &&
      costOf(cost, now.passed(state)) <= costOf(cost, from.passed(state))
    );
  }
}
