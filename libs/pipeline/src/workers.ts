import { setTimeout as sleep } from 'node:timers/promises';
import { UnrecoverableError, type Worker } from 'bullmq';
import { codeOf, messageOf } from '@coldroom/domain';
import type { Register } from '@coldroom/register';
import type { Log } from '@coldroom/runtime';
import { swept } from './metrics';
import { readPayload, type Queues } from './queues';
import type { Runner } from './runner';
import type { Stage } from './stage';
import { stageOf } from './stages';

export interface WorkerOptions {
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly sweepMs: number;
}

/** How long Redis may take to let go of a worker whose work has ended, in milliseconds. */
const closeLimitMs = 3000;

/** Runs the stages of one service: takes jobs from the queues, and sweeps in what no job serves. */
export class Workers {
  private workers: readonly Worker[] = [];
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly stages: readonly Stage[],
    private readonly register: Register,
    private readonly queues: Queues,
    private readonly runner: Runner,
    private readonly log: Log,
    private readonly options: WorkerOptions,
  ) {}

  start(): void {
    this.workers = this.stages.map((stage) => {
      const worker = this.queues.worker(
        stage.name,
        async (job) => {
          const run = this.runner.run(stage, understood(job.data)).finally(() => this.running.delete(run));
          this.running.add(run);
          await run;
        },
        { concurrency: this.options.concurrency, lockMs: this.options.leaseMs },
      );
      worker
        .run()
        .catch((error: unknown) => this.log.error('worker ended', { stage: stage.name, reason: messageOf(error) }));
      return worker;
    });
    this.timer = setInterval(() => this.sweepOnce(), this.options.sweepMs);
    this.sweepOnce();
  }

  /** Runs until no bag of these stages is left to do: for jobs that end. */
  async drained(): Promise<void> {
    for (;;) {
      await this.sweep();
      const due = await this.register.claims.due(
        this.stages.map((stage) => stage.takes),
        1,
      );
      const pending = await Promise.all(this.stages.map((stage) => this.queues.pending(stage.name)));
      if (due.length === 0 && pending.every((count) => count === 0)) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(1000, this.options.sweepMs)));
    }
  }

  /** Comes back when nothing of ours runs any more. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    this.runner.end();
    await Promise.allSettled(this.running);
    // With Redis unavailable a worker would wait for ever for what it was told of its jobs; ours have ended.
    const closed = Promise.all(this.workers.map((worker) => worker.close(!this.queues.connected))).catch(
      (error: unknown) => this.log.warn('worker not closed', { reason: messageOf(error) }),
    );
    await Promise.race([closed, sleep(closeLimitMs, undefined, { ref: false })]);
    await this.sweeping;
  }

  /** One sweep at a time: while Redis is unavailable they would queue up. */
  private sweepOnce(): void {
    this.sweeping ??= this.sweep().finally(() => {
      this.sweeping = undefined;
    });
  }

  /** Offers every bag whose turn it is and that nobody holds; one that is on a queue already is not put there twice. */
  private async sweep(): Promise<void> {
    try {
      const stopped = (await this.register.switches.list()).filter((one) => one.stopped).map((one) => one.name);
      const states = this.stages
        .filter(
          (stage) => !stopped.includes(`stage:${stage.name}`) && (stage.runsWhileStopped || !stopped.includes('all')),
        )
        .map((stage) => stage.takes);
      const due = await this.register.claims.due(states);
      if (due.length === 0) return;
      await this.queues.offer(due);
      for (const bag of due) swept.inc({ stage: stageOf[bag.state] });
    } catch (error) {
      this.log.warn('sweep failed', { code: codeOf(error), reason: messageOf(error), next: 'it is tried again' });
    }
  }
}

/** A job that was not understood is never tried again. */
function understood(data: unknown): bigint {
  try {
    return readPayload(data);
  } catch (error) {
    throw new UnrecoverableError(messageOf(error));
  }
}
