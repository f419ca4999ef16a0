import { claimLost, codeOf, ColdroomError, messageOf, NotYet } from '@coldroom/domain';
import { Lease, type Claimed } from '@coldroom/pipeline';
import { importSwitch, type ImportClaim, type Register } from '@coldroom/register';
import type { Log } from '@coldroom/runtime';
import { cancelStep } from '../attempts/cancel-step';
import type { ImportStage } from '../stage';

export interface RunnerOptions {
  readonly worker: string;
  readonly leaseMs: number;
  /** How often a step may fail for a temporary reason before its order is stuck. */
  readonly attempts: number;
  readonly retryPauseMs: number;
  /** More stuck orders than this within an hour stop all imports. */
  readonly errorLimit: number;
}

const notYetMs = 10_000;
const longestPauseMs = 300_000;
/** No fault of an order: it waits until they are over. */
const ofOthers = [
  'REGISTER_UNAVAILABLE',
  'REGISTER_READ_ONLY',
  'REGISTER_FULL',
  'OMERO_SERVER_UNAVAILABLE',
  'OMERO_DATABASE_UNAVAILABLE',
  'ROOT_UNAVAILABLE',
];

const cancelAsked = new NotYet('CANCELLED', 'a person cancels the order', { delayMs: 0 });

/** Claims an order, does the step of its state, and sees to what follows. Each failure is recorded in the register. */
export class ImportRunner {
  private readonly stop = new AbortController();

  constructor(
    private readonly register: Register,
    private readonly stages: readonly ImportStage[],
    private readonly log: Log,
    private readonly options: RunnerOptions,
  ) {}

  /** Does one step of this order, if it is due, no worker holds it, and imports are not stopped; false if not. */
  async run(id: bigint): Promise<boolean> {
    if (this.stop.signal.aborted || (await this.stopped())) return false;
    const claimedAt = process.hrtime.bigint();
    const { worker, leaseMs } = this.options;
    const states = this.stages.flatMap(({ takes }) => takes);
    const claim = await this.register.imports.claims.claim(id, states, worker, leaseMs);
    if (!claim) return false;
    const cancel = new AbortController();
    const stop = AbortSignal.any([this.stop.signal, cancel.signal]);
    const lease = new Lease(this.claimed(claim, cancel), { leaseMs, claimedAt, stop });
    try {
      if (!(await this.endCancelled(claim))) await this.stageOf(claim).run(claim, lease.work);
      this.log.info('import moved', { import: id, from: claim.order.state });
    } catch (error) {
      await this.fail(claim, cancel.signal.aborted ? cancelAsked : error);
    } finally {
      lease.end();
    }
    return true;
  }

  /** Ends running work as soon as that can be done without harm. */
  end(): void {
    this.stop.abort(new NotYet('SHUTTING_DOWN', 'the service is being stopped', { delayMs: 0 }));
  }

  async stopped(): Promise<boolean> {
    const switches = await this.register.switches.list();
    return switches.some(({ name, stopped }) => stopped && (name === importSwitch || name === 'all'));
  }

  private claimed(claim: ImportClaim, cancel: AbortController): Claimed {
    return {
      renew: async (leaseMs) => {
        const answer = await this.register.imports.claims.renew(claim, leaseMs);
        // Who began the work knew of the wish.
        if (answer === 'cancelled' && claim.order.cancelBy === null) cancel.abort(cancelAsked);
        return answer !== 'lost';
      },
      lost: () => claimLost(`the claim on import ${claim.order.id} ran out`),
    };
  }

  private stageOf({ order }: ImportClaim): ImportStage {
    const stage = this.stages.find(({ takes }) => takes.includes(order.state));
    if (!stage) throw new NotYet('NOTHING_TO_DO', `nothing is to be done for an order that is ${order.state}`);
    return stage;
  }

  /**
   * Ends an order that a person cancelled; its lock is taken away after that. While attempts are under way or may have made
   * something, that is found out first.
   */
  private async endCancelled(claim: ImportClaim): Promise<boolean> {
    const { id, state, stuckFrom, cancelBy } = claim.order;
    if (cancelBy === null || state === 'cancelled') return false;
    if (state === 'importing') return false;
    const open = (await this.register.imports.attempts.of(id)).some(({ judgedAt }) => judgedAt === null);
    if (state === 'stuck' && stuckFrom === 'importing' && open) {
      await this.register.imports.advance(claim, { event: 'retry', to: 'importing' });
      return true;
    }
    await this.register.imports.advance(claim, cancelStep(claim.order, await this.register.imports.filesets.kept(id)));
    return true;
  }

  private async fail(claim: ImportClaim, error: unknown): Promise<void> {
    const { claims } = this.register.imports;
    const [code, reason] = [codeOf(error), messageOf(error)];
    const fields = { import: claim.order.id, state: claim.order.state, code, reason };
    if (this.stop.signal.aborted) {
      this.log.info('claim released', { ...fields, reason: 'the service is being stopped' });
      await claims.release(claim);
    } else if (code === 'CLAIM_LOST') {
      this.log.warn('claim lost', fields);
    } else if (error instanceof NotYet) {
      await claims.postpone(claim, delayOf(error), error, false);
    } else if (ofOthers.includes(code)) {
      this.log.warn('import waits', fields);
      await claims.postpone(claim, this.waitFor(claim), new NotYet(code, reason), false);
    } else if (error instanceof ColdroomError && error.kind === 'refused') {
      await this.giveUp(claim, code, reason);
    } else if (claim.order.attempts + 1 >= this.options.attempts) {
      await this.giveUp(claim, code, `${reason} (tried ${claim.order.attempts + 1} times)`);
    } else {
      this.log.warn('attempt failed', { ...fields, ...(error instanceof ColdroomError ? {} : { error }) });
      await claims.postpone(claim, this.pause(claim), error, true);
    }
  }

  /** Half as long again as it has waited. */
  private waitFor({ order: { waitingSince } }: ImportClaim): number {
    const waitedMs = waitingSince ? Date.now() - waitingSince.getTime() : 0;
    return Math.min(longestPauseMs, Math.max(this.options.retryPauseMs, waitedMs / 2));
  }

  private pause({ order }: ImportClaim): number {
    return Math.min(longestPauseMs, this.options.retryPauseMs * 2 ** order.attempts) * (0.8 + 0.4 * Math.random());
  }

  /** Of an order that is done or cancelled, only what is left to tidy is tried again. */
  private async giveUp(claim: ImportClaim, code: string, reason: string): Promise<void> {
    this.log.warn('import stuck', { import: claim.order.id, state: claim.order.state, code, reason });
    if (claim.order.state === 'done' || claim.order.state === 'cancelled') {
      await this.register.imports.claims.postpone(
        claim,
        86_400_000,
        new NotYet(code, reason, { noDeadline: true }),
        false,
      );
      return;
    }
    const { errorLimit } = this.options;
    await this.register.imports.advance(claim, { event: 'fail', to: 'stuck', code, reason, errorLimit });
  }
}

function delayOf(why: NotYet): number {
  return typeof why.details.delayMs === 'number' ? why.details.delayMs : notYetMs;
}
