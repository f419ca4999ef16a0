import { claimLost, codeOf, ColdroomError, messageOf, NotYet, Transient } from '@coldroom/domain';
import type { Claim, DueBag, Register } from '@coldroom/register';
import type { Log } from '@coldroom/runtime';
import { Lease, type Claimed } from './lease';
import { attempts, bagSeconds, countTransitions, lostClaims } from './metrics';
import { stuck, type Stage, type StageResult } from './stage';

export interface RunnerOptions {
  readonly worker: string;
  readonly leaseMs: number;
  readonly attempts: number;
  readonly retryPauseMs: number;
  readonly waitLimitMs: number;
  readonly errorLimit: number;
}

const notYetMs = 10_000;
const longestPauseMs = 300_000;
/** No fault of a bag, so they use up none of its attempts. */
const faultsOfRegister = ['REGISTER_UNAVAILABLE', 'REGISTER_READ_ONLY', 'REGISTER_FULL'];

/**
 * Runs a stage on a bag: claim, work, transitions. Attempts and waiting are counted in the register, so that nothing is
 * forgotten if Redis is emptied. Every failure ends in a transition, a later turn or a lease that runs out; none is
 * dropped.
 */
export class Runner {
  private readonly stop = new AbortController();

  constructor(
    private readonly register: Register,
    private readonly offer: (bags: readonly DueBag[]) => Promise<void>,
    private readonly log: Log,
    private readonly options: RunnerOptions,
  ) {}

  /** Runs the stage on this bag if the bag is due, no worker holds it, and nothing is stopped. */
  async run(stage: Stage, bagId: bigint): Promise<void> {
    if (this.stop.signal.aborted || (await this.stopped(stage, `stage:${stage.name}`))) return;
    const claimedAt = process.hrtime.bigint();
    const claim = await this.register.claims.claim(bagId, [stage.takes], this.options.worker, this.options.leaseMs);
    if (!claim) return;
    const stopped = stage.runsWhileStopped ? undefined : await this.stoppedStore(stage, claim);
    if (stopped !== undefined) {
      await this.register.claims.postpone(
        claim,
        notYetMs,
        new NotYet('STOPPED', `store ${stopped} is stopped`, { noDeadline: true }),
        false,
      );
      return;
    }
    const lease = new Lease(this.claimed(claim), {
      leaseMs: this.options.leaseMs,
      claimedAt,
      stop: this.stop.signal,
    });
    const timed = bagSeconds.startTimer({ stage: stage.name });
    try {
      const result = claim.files.length === 0 ? { transitions: [] } : await stage.run(claim, lease.work);
      await this.pass(stage, claim, result, Math.ceil(Number(process.hrtime.bigint() - claimedAt) / 1e6));
    } catch (error) {
      await this.fail(stage, claim, error);
    } finally {
      lease.end();
      timed();
    }
  }

  private claimed(claim: Claim): Claimed {
    return {
      renew: async (leaseMs, doneBytes) => this.register.claims.renew(claim, leaseMs, doneBytes),
      lost: () => claimLost(`the claim on bag ${claim.bag} ran out`, { bag: claim.bagId }),
    };
  }

  /** Ends running work as soon as that can be done without harm. */
  end(): void {
    this.stop.abort(new NotYet('SHUTTING_DOWN', 'the service is being stopped', { delayMs: 0 }));
  }

  private async stoppedStore(stage: Stage, { store, movingTo }: Claim): Promise<string | undefined> {
    for (const name of movingTo === null ? [store] : [store, movingTo])
      if (await this.stopped(stage, `store:${name}`)) return name;
    return undefined;
  }

  private async stopped(stage: Stage, name: string): Promise<boolean> {
    const switches = await this.register.switches.list();
    return switches.some(
      (one) => one.stopped && (one.name === name || (one.name === 'all' && !stage.runsWhileStopped)),
    );
  }

  private async pass(stage: Stage, claim: Claim, result: StageResult, tookMs?: number): Promise<void> {
    // Without files there is nothing to wait for: the bag gets the state of the files that it has.
    if (result.transitions.length === 0 && claim.files.length > 0) {
      await this.wait(stage, claim, result.wait ?? new NotYet('NOTHING_DONE', 'the stage moved nothing'));
      return;
    }
    const pauseMs = result.failed ? this.options.retryPauseMs : undefined; // before a store is asked again
    const delayMs = result.wait ? delayOf(result.wait) : (result.delayMs ?? pauseMs);
    const due = await this.register.applyTransitions(claim, result.transitions, {
      stage: stage.name,
      errorLimit: this.options.errorLimit,
      ...(tookMs === undefined ? {} : { tookMs }),
      ...(delayMs ? { delayMs } : {}),
      ...(result.sealed ? { sealed: true } : {}),
      ...(result.failed ? { failed: result.failed } : {}),
      ...(result.switched ? { switched: true } : {}),
    });
    countTransitions(stage.name, claim.files, result.transitions);
    this.report(stage, claim, result);
    await this.offer(due).catch((error: unknown) =>
      this.log.warn('not offered', { reason: messageOf(error), next: 'the sweep will offer it again' }),
    );
  }

  private report(stage: Stage, claim: Claim, { transitions }: StageResult): void {
    const failed = transitions.filter((transition) => transition.to === 'stuck');
    this.log.info('bag moved', {
      stage: stage.name,
      bag: claim.bag,
      request: claim.requestId,
      files: transitions.length - failed.length,
      stuck: failed.length,
    });
    for (const transition of failed)
      this.log.warn('file stuck', {
        stage: stage.name,
        bag: claim.bag,
        file: transition.id,
        code: transition.code,
        reason: transition.reason,
      });
  }

  private async wait(stage: Stage, claim: Claim, why: NotYet): Promise<void> {
    const waited = claim.waitingSince ? Date.now() - claim.waitingSince.getTime() : 0;
    if (why.details.noDeadline !== true && waited > this.options.waitLimitMs) {
      await this.giveUp(stage, claim, {
        code: 'WAITED_TOO_LONG',
        message: `${why.message}; waited ${Math.round(waited / 60_000)} minutes`,
      });
      return;
    }
    await this.register.claims.postpone(claim, delayOf(why), why, false);
  }

  private async fail(stage: Stage, claim: Claim, error: unknown): Promise<void> {
    const fields = { stage: stage.name, bag: claim.bag, code: codeOf(error), reason: messageOf(error) };
    if (this.stop.signal.aborted) {
      this.log.info('claim released', { ...fields, reason: 'the service is being stopped' });
      await this.register.claims.releaseClaim(claim);
    } else if (codeOf(error) === 'CLAIM_LOST') {
      lostClaims.inc({ stage: stage.name });
      this.log.warn('claim lost', fields);
    } else if (error instanceof NotYet) {
      await this.wait(stage, claim, error);
    } else if (faultsOfRegister.includes(codeOf(error))) {
      this.log.warn('register failed', { ...fields, next: 'the bag waits' });
      await this.wait(
        stage,
        claim,
        new NotYet(codeOf(error), messageOf(error), { delayMs: this.options.retryPauseMs }),
      );
    } else if (error instanceof ColdroomError && error.kind === 'refused') {
      await this.giveUp(stage, claim, error);
    } else if (claim.attempts + 1 >= this.options.attempts) {
      await this.giveUp(stage, claim, {
        code: codeOf(error),
        message: `${messageOf(error)} (tried ${claim.attempts + 1} times)`,
      });
    } else {
      attempts.inc({ stage: stage.name, code: codeOf(error) });
      const pause =
        Math.min(longestPauseMs, this.options.retryPauseMs * 2 ** claim.attempts) * (0.8 + 0.4 * Math.random());
      this.log.warn('attempt failed', {
        ...fields,
        attempt: claim.attempts + 1,
        again: `in ${Math.round(pause / 1000)} s`,
        ...(error instanceof Transient ? {} : { error }),
      });
      await this.register.claims.postpone(claim, pause, error, true);
    }
  }

  private async giveUp(stage: Stage, claim: Claim, why: { code: string; message: string }): Promise<void> {
    await this.pass(stage, claim, { transitions: claim.files.map((file) => stuck(file, why)) });
  }
}

function delayOf(why: NotYet): number {
  return typeof why.details.delayMs === 'number' ? why.details.delayMs : notYetMs;
}
