import { BullRegistrar } from '@nestjs/bullmq';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { closeWorkers } from './job.processor';
import { RedisConnection } from './redis';
import { Runner } from './runner';
import type { StageProcessor } from './stage.processor';
import { Sweep } from './sweep';

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
    if (state === 'started') await closeWorkers(this.processors, this.redis);
    await swept;
  }
}
