import { BullRegistrar } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { ImportState } from '@coldroom/domain';
import { closeWorkers, RedisConnection, RoundLoop } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { ImportQueue } from './import-queue';
import { ImportProcessor } from './import.processor';
import { ImportRunner } from './runner';

export const SWEEP_MS = Symbol('sweep');
const workStates: readonly ImportState[] = [
  'ordered',
  'settled',
  'locked',
  'listed',
  'hashed',
  'synced',
  'importing',
  'imported',
  'verified',
];

/** Starts the worker, and offers the orders that are due, again and again. */
@Injectable()
export class ImportSweep extends RoundLoop {
  protected readonly failure = 'sweep failed';
  private started = false;

  constructor(
    private readonly register: Register,
    private readonly queue: ImportQueue,
    private readonly runner: ImportRunner,
    private readonly processor: ImportProcessor,
    private readonly registrar: BullRegistrar,
    private readonly redis: RedisConnection,
    @Inject(SWEEP_MS) protected readonly pauseMs: number,
    protected readonly log: Log,
  ) {
    super();
  }

  /** Must be called once every startup check has passed: from then on orders are worked on. */
  override start(): void {
    if (this.stop.signal.aborted) return;
    this.registrar.register();
    this.started = true;
    super.start();
  }

  override async beforeApplicationShutdown(): Promise<void> {
    this.runner.end();
    await super.beforeApplicationShutdown();
    await this.processor.idle();
    if (this.started) await closeWorkers([this.processor], this.redis);
  }

  protected async round(): Promise<void> {
    if (!(await this.runner.stopped())) await this.offer();
  }

  private async offer(): Promise<void> {
    const { claims, looks } = this.register.imports;
    await this.queue.offer([
      ...(await claims.due(workStates)),
      ...(await claims.toEmpty()),
      ...(await looks.toRelease()),
    ]);
  }
}
