import { setTimeout as sleep } from 'node:timers/promises';
import { BullRegistrar } from '@nestjs/bullmq';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { RedisConnection } from './redis';
import { Runner } from './runner';
import type { StageProcessor } from './stage.processor';
import { Sweep } from './sweep';

/** How long Redis may take to release a worker whose work has ended, in milliseconds. */
const releaseMs = 3000;

export const PROCESSORS = Symbol('processors');

/** Starts the workers of a service when it may work, and ends them before their queues and connections. */
@Injectable()
export class Workers implements BeforeApplicationShutdown {
  private state: 'new' | 'started' | 'ended' = 'new';

  constructor(
    private readonly registrar: BullRegistrar,
    private readonly sweep: Sweep,
    private readonly runner: Runner,
    private readonly redis: RedisConnection,
    @Inject(PROCESSORS) private readonly processors: readonly StageProcessor[],
  ) {}

  /**
   * Must be called once every startup check has passed: from then on jobs are taken. Does nothing if the service was
   * ended first.
   */
  start(): void {
    if (this.state !== 'new') return;
    this.state = 'started';
    this.registrar.register();
    this.sweep.start();
  }

  /** Waits for running work; NestJS closes queues and connections after this, in `onApplicationShutdown`. */
  async beforeApplicationShutdown(): Promise<void> {
    const { state } = this;
    this.state = 'ended';
    this.runner.end();
    const swept = this.sweep.end();
    await Promise.all(this.processors.map((processor) => processor.idle()));
    if (state === 'started') await this.closeWorkers();
    await swept;
  }

  /**
   * While Redis is unavailable a worker would wait without a limit for its own records of jobs, although Coldroom's
   * work has ended. @nestjs/bullmq awaits the same close once more: without its connections it resolves.
   */
  private async closeWorkers(): Promise<void> {
    const workers = this.processors.map(({ worker }) => worker);
    const closed = Promise.allSettled(workers.map((worker) => worker.close(!this.redis.connected)));
    if (await Promise.race([closed, sleep(releaseMs, undefined, { ref: false })])) return;
    for (const worker of workers) worker.disconnect().catch(() => undefined); // closed anyway
  }
}
