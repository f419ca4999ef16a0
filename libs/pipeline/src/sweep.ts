import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { swept } from './metrics';
import { Queues } from './queues';
import type { Stage } from './stage';
import { stageOf } from './stages';

export const SWEEP = Symbol('sweep');
export interface SweepOptions {
  readonly stages: readonly Stage[];
  readonly everyMs: number;
}

/** Offers the bags that no job delivers: after Redis was lost, or when a bag becomes due. */
@Injectable()
export class Sweep {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly register: Register,
    private readonly queues: Queues,
    private readonly log: Log,
    @Inject(SWEEP) private readonly options: SweepOptions,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.once(), this.options.everyMs);
    this.once();
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /**
   * Resolves when these stages have no work, for services that end by themselves. A bag that another worker holds is
   * waited for, since that worker may be lost; what is postponed or stopped is not.
   */
  async drained(): Promise<void> {
    const { stages, everyMs } = this.options;
    const names: readonly string[] = stages.map((stage) => stage.name);
    for (;;) {
      await this.sweep();
      const work = (await this.register.claims.backlog()).filter(({ stage }) => names.includes(stage));
      const pending = await Promise.all(stages.map((stage) => this.queues.pending(stage.name)));
      if (work.every(({ due, claimed }) => due + claimed === 0) && pending.every((count) => count === 0)) return;
      await sleep(Math.min(1000, everyMs));
    }
  }

  /** One sweep at a time: while Redis is unavailable they would accumulate. */
  private once(): void {
    this.running ??= this.sweep().finally(() => {
      this.running = undefined;
    });
  }

  /** Offers every bag that is due and that no worker holds; a bag that is already on a queue is not added twice. */
  private async sweep(): Promise<void> {
    try {
      const stopped = (await this.register.switches.list()).filter((one) => one.stopped).map((one) => one.name);
      const states = this.options.stages
        .filter(
          (stage) => !stopped.includes(`stage:${stage.name}`) && (stage.runsWhileStopped || !stopped.includes('all')),
        )
        .map((stage) => stage.takes);
      const due = await this.register.claims.due(states);
      if (due.length === 0) return;
      await this.queues.offer(due);
      for (const bag of due) swept.inc({ stage: stageOf[bag.state] });
    } catch (error) {
      this.log.warn('sweep failed', { code: codeOf(error), reason: messageOf(error), next: 'it will be retried' });
    }
  }
}
