import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { FactoryProvider } from '@nestjs/common';
import { UnrecoverableError, type Job } from 'bullmq';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { RedisConnection } from '@coldroom/pipeline';
import { Log } from '@coldroom/runtime';
import { importOf, importQueue } from './import-queue';
import { ImportRunner } from './runner';

/** Takes the jobs of the queue. What is done for an order is decided by the register alone. */
export abstract class ImportProcessor extends WorkerHost {
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly runner: ImportRunner,
    private readonly log: Log,
  ) {
    super();
  }

  override async process({ data }: Job): Promise<void> {
    const run = this.steps(data).finally(() => this.running.delete(run));
    this.running.add(run);
    await run;
  }

  /** Resolves once no step is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.log.debug('redis', error.message);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job | undefined, error: Error): void {
    this.log.warn('import job failed', { job: job?.id, reason: error.message, next: 'the order is offered again' });
  }

  /** One step after the other, as long as the order is due. */
  private async steps(data: unknown): Promise<void> {
    try {
      const id = importOf(data);
      while (await this.runner.run(id));
    } catch (error) {
      if (error instanceof Refused) throw new UnrecoverableError(`${codeOf(error)}: ${messageOf(error)}`);
      throw error;
    }
  }
}

/** @param concurrency orders that are worked on at once */
export function importProcessor(leaseMs: number, concurrency: number): FactoryProvider<ImportProcessor> {
  return {
    provide: ImportProcessor,
    inject: [ImportRunner, RedisConnection, Log],
    useFactory: (runner: ImportRunner, redis: RedisConnection, log: Log) => {
      @Processor(importQueue, {
        connection: redis.forWorkers,
        concurrency,
        lockDuration: leaseMs,
        stalledInterval: Math.max(500, leaseMs / 2),
        maxStalledCount: 1000,
      })
      class ConfiguredProcessor extends ImportProcessor {}
      return new ConfiguredProcessor(runner, log);
    },
  };
}
