import { OnWorkerEvent, Processor } from '@nestjs/bullmq';
import type { FactoryProvider } from '@nestjs/common';
import { UnrecoverableError, type Job } from 'bullmq';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { JobProcessor, RedisConnection, workerOptions } from '@coldroom/pipeline';
import { Log } from '@coldroom/runtime';
import { importOf, importQueue } from './import-queue';
import { ImportRunner } from './runner';

/** Takes the jobs of the queue. What is done for an order is decided by the register alone. */
export abstract class ImportProcessor extends JobProcessor {
  constructor(
    private readonly runner: ImportRunner,
    protected readonly log: Log,
  ) {
    super();
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job | undefined, error: Error): void {
    this.log.warn('import job failed', { job: job?.id, reason: error.message, next: 'the order is offered again' });
  }

  /** One step after the other, as long as the order is due. */
  protected async run(data: unknown): Promise<void> {
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
      @Processor(importQueue, workerOptions(redis, leaseMs, concurrency))
      class ConfiguredProcessor extends ImportProcessor {}
      return new ConfiguredProcessor(runner, log);
    },
  };
}
