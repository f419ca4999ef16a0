import { setTimeout as sleep } from 'node:timers/promises';
import { BullRegistrar } from '@nestjs/bullmq';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { codeOf, messageOf, type ImportState } from '@coldroom/domain';
import { RedisConnection } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { ImportQueue } from './import-queue';
import { ImportProcessor } from './import.processor';
import { ImportRunner } from './runner';

export const SWEEP_MS = Symbol('sweep');
/** How long Redis may take to release the worker, in milliseconds. */
const releaseMs = 3000;
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
export class ImportSweep implements BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running = Promise.resolve();
  private started = false;

  constructor(
    private readonly register: Register,
    private readonly queue: ImportQueue,
    private readonly runner: ImportRunner,
    private readonly processor: ImportProcessor,
    private readonly registrar: BullRegistrar,
    private readonly redis: RedisConnection,
    @Inject(SWEEP_MS) private readonly everyMs: number,
    private readonly log: Log,
  ) {}

  /** Must be called once every startup check has passed: from then on orders are worked on. */
  start(): void {
    if (this.stop.signal.aborted) return;
    this.registrar.register();
    this.started = true;
    this.running = this.rounds(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    this.runner.end();
    await this.running;
    await this.processor.idle();
    if (!this.started) return;
    const { worker } = this.processor;
    const closed = worker.close(!this.redis.connected).then(
      () => true,
      () => true,
    );
    if (!(await Promise.race([closed, sleep(releaseMs, false, { ref: false })])))
      worker.disconnect().catch(() => undefined); // closed anyway
  }

  private async rounds(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        if (!(await this.runner.stopped())) await this.offer();
      } catch (error) {
        this.log.warn('sweep failed', { code: codeOf(error), reason: messageOf(error), next: 'it will be retried' });
      }
      await sleep(this.everyMs, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
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
