import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { FactoryProvider } from '@nestjs/common';
import { UnrecoverableError, type Job } from 'bullmq';
import { codeOf, messageOf, Refused } from '@coldroom/domain';
import { RedisConnection } from '@coldroom/pipeline';
import { Log } from '@coldroom/runtime';
import { Delivery } from './delivery';
import { mailOf, mailQueue } from './mail-queue';

/** Takes the jobs of the mail queue. What becomes of a mail is decided in the outbox alone. */
export abstract class MailProcessor extends WorkerHost {
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly delivery: Delivery,
    private readonly log: Log,
  ) {
    super();
  }

  override async process({ data }: Job): Promise<void> {
    const run = this.deliver(data).finally(() => this.running.delete(run));
    this.running.add(run);
    await run;
  }

  /** Resolves once no mail is being handed over. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.log.debug('redis', error.message);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job | undefined, error: Error): void {
    this.log.warn('mail job failed', { job: job?.id, reason: error.message, next: 'the outbox offers the mail again' });
  }

  private async deliver(data: unknown): Promise<void> {
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
      @Processor(mailQueue, {
        connection: redis.forWorkers,
        concurrency,
        lockDuration: leaseMs,
        stalledInterval: Math.max(500, leaseMs / 2),
        maxStalledCount: 1000,
      })
      class ConfiguredProcessor extends MailProcessor {}
      return new ConfiguredProcessor(delivery, log);
    },
  };
}
