import { OnWorkerEvent, Processor } from '@nestjs/bullmq';
import type { FactoryProvider } from '@nestjs/common';
import { UnrecoverableError, type Job } from 'bullmq';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { JobProcessor, RedisConnection, workerOptions } from '@coldroom/pipeline';
import { Log } from '@coldroom/runtime';
import { Delivery } from './delivery';
import { mailOf, mailQueue } from './mail-queue';

/** Takes the jobs of the mail queue. What becomes of a mail is decided in the outbox alone. */
export abstract class MailProcessor extends JobProcessor {
  constructor(
    private readonly delivery: Delivery,
    protected readonly log: Log,
  ) {
    super();
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job | undefined, error: Error): void {
    this.log.warn('mail job failed', { job: job?.id, reason: error.message, next: 'the outbox offers the mail again' });
  }

  protected async run(data: unknown): Promise<void> {
    try {
      await this.delivery.deliver(mailOf(data));
    } catch (error) {
      if (error instanceof Refused) throw new UnrecoverableError(`${codeOf(error)}: ${messageOf(error)}`);
      throw error;
    }
  }
}

/** @param concurrency conversations with the SMTP server at once; few servers permit many */
export function mailProcessor(leaseMs: number, concurrency: number): FactoryProvider<MailProcessor> {
  return {
    provide: MailProcessor,
    inject: [Delivery, RedisConnection, Log],
    useFactory: (delivery: Delivery, redis: RedisConnection, log: Log) => {
      @Processor(mailQueue, workerOptions(redis, leaseMs, concurrency))
      class ConfiguredProcessor extends MailProcessor {}
      return new ConfiguredProcessor(delivery, log);
    },
  };
}
