import { setTimeout as sleep } from 'node:timers/promises';
import { OnWorkerEvent, WorkerHost } from '@nestjs/bullmq';
import type { Job, WorkerOptions } from 'bullmq';
import type { Log } from '@coldroom/runtime';
import type { RedisConnection } from './redis';

/** How long Redis may take to release a worker whose work has ended, in milliseconds. */
const releaseMs = 3000;

/** Takes the jobs of a queue, and knows which are under way. What a job leads to is decided by the register alone. */
export abstract class JobProcessor extends WorkerHost {
  private readonly running = new Set<Promise<void>>();
  protected abstract readonly log: Log;

  /** Throws `UnrecoverableError` for a job that must not be tried again. */
  protected abstract run(data: unknown): Promise<void>;

  override async process({ data }: Job): Promise<void> {
    const run = this.run(data).finally(() => this.running.delete(run));
    this.running.add(run);
    await run;
  }

  /** Resolves once no job is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.log.debug('redis', error.message);
  }
}

/** @param concurrency jobs that one worker does at once */
export function workerOptions(redis: RedisConnection, leaseMs: number, concurrency: number): WorkerOptions {
  return {
    connection: redis.forWorkers,
    concurrency,
    lockDuration: leaseMs,
    stalledInterval: Math.max(500, leaseMs / 2),
    maxStalledCount: 1000,
  };
}

/**
 * While Redis is unavailable a worker would wait without a limit for its own records of jobs, although Coldroom's
 * work has ended. @nestjs/bullmq awaits the same close once more: without its connections it resolves.
 */
export async function closeWorkers(processors: readonly JobProcessor[], redis: RedisConnection): Promise<void> {
  const workers = processors.map(({ worker }) => worker);
  const closed = Promise.allSettled(workers.map((worker) => worker.close(!redis.connected)));
  if (await Promise.race([closed, sleep(releaseMs, undefined, { ref: false })])) return;
  for (const worker of workers) worker.disconnect().catch(() => undefined); // closed anyway
}
