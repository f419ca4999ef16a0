import { Queue, Worker, type Job, type Processor } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { messageOf, Refused, Transient } from '@coldroom/domain';
import type { DueBag } from '@coldroom/register';
import type { Log } from '@coldroom/runtime';
import { stageNames, type StageName } from './stage';
import { stageOf } from './stages';

/** The whole of what a job carries. */
const payload = z.strictObject({ v: z.literal(1), bagId: z.string().regex(/^[1-9]\d{0,18}$/) });

/** Characters of a refused job's data that are logged. */
const shownData = 200;

/** Reads a job; `Refused` `JOB_NOT_UNDERSTOOD` for a forged one, or one of another version. */
export function readPayload(data: unknown): bigint {
  const parsed = payload.safeParse(data);
  if (!parsed.success)
    throw new Refused(
      'JOB_NOT_UNDERSTOOD',
      'A job that this version did not write is refused; the register offers the bag again',
      { data },
    );
  return BigInt(parsed.data.bagId);
}

/** Brings bags to workers. Losing all of it loses no work: the register knows whose turn it is. */
export class Queues {
  private readonly connections: Redis[] = [];
  private readonly connection: Redis;
  private readonly queues = new Map<StageName, Queue>();

  constructor(
    private readonly url: string,
    private readonly prefix: string,
    private readonly log: Log,
  ) {
    this.connection = this.connect({ enableOfflineQueue: false, maxRetriesPerRequest: 1 });
    for (const stage of stageNames) {
      const queue = new Queue(stage, { connection: this.connection, prefix });
      queue.on('error', (error) => this.log.debug('redis', error.message));
      this.queues.set(stage, queue);
    }
  }

  /** Whether Redis answers at this moment, as far as is known. */
  get connected(): boolean {
    return this.connection.status === 'ready';
  }

  /** Fails with `Transient` `REDIS_UNAVAILABLE`, or `Refused` `REDIS_EVICTS` where Redis may drop jobs to save memory. */
  async check(): Promise<void> {
    const info = await this.answer(() => this.connection.info('memory'));
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    if (policy !== 'noeviction') {
      throw new Refused(
        'REDIS_EVICTS',
        `Redis drops keys when memory is short (maxmemory-policy ${policy}); set it to noeviction`,
      );
    }
  }

  /** Puts bags on the queues of their next stage; a bag that is on it already stays there once. */
  async offer(bags: readonly DueBag[]): Promise<void> {
    for (const [stage, group] of Map.groupBy(bags, (bag) => stageOf[bag.state])) {
      await this.answer(() =>
        this.queue(stage).addBulk(
          group.map(({ bagId }) => ({
            name: 'bag',
            data: { v: 1, bagId: bagId.toString() },
            opts: { jobId: `bag-${bagId}`, removeOnComplete: true, removeOnFail: true },
          })),
        ),
      );
    }
  }

  /** How many jobs wait or run on a stage's queue. */
  async pending(stage: StageName): Promise<number> {
    const counts = await this.answer(() =>
      this.queue(stage).getJobCounts('waiting', 'active', 'delayed', 'prioritized'),
    );
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  /** The only place that makes a worker. It does not run before `run()` is called. */
  worker(stage: StageName, process: Processor, options: { concurrency: number; lockMs: number }): Worker {
    const worker = new Worker(stage, process, {
      connection: this.connect({ maxRetriesPerRequest: null }),
      prefix: this.prefix,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: options.lockMs,
      stalledInterval: Math.max(500, options.lockMs / 2),
      maxStalledCount: 1000,
    });
    worker.on('error', (error) => this.log.debug('redis', error.message));
    worker.on('completed', (job) => this.forget(job));
    worker.on('failed', (job, error) => {
      this.log.warn('job refused', {
        stage,
        job: job?.id,
        data: JSON.stringify(job?.data)?.slice(0, shownData),
        message: error.message,
      });
      if (job) this.forget(job);
    });
    return worker;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.queues.values()].map((queue) => queue.close()));
    for (const connection of this.connections) connection.disconnect();
  }

  /** A job that stays behind would swallow the next offer under its id. Ours go by themselves; a forged one may say otherwise. */
  private forget(job: Job): void {
    if (job.opts.removeOnComplete === true && job.opts.removeOnFail === true) return;
    job.remove().catch((error: unknown) => this.log.debug('redis', messageOf(error)));
  }

  private queue(stage: StageName): Queue {
    return this.queues.get(stage) as Queue;
  }

  private connect(options: { enableOfflineQueue?: boolean; maxRetriesPerRequest: number | null }): Redis {
    return this.kept(new Redis(this.url, { ...options, retryStrategy: (times) => Math.min(times * 100, 2000) }));
  }

  /** Every connection ends with us, also the second one that a worker makes of the one it is given. */
  private kept(redis: Redis): Redis {
    const duplicate = redis.duplicate.bind(redis);
    redis.duplicate = (options) => this.kept(duplicate(options));
    redis.on('error', (error) => this.log.debug('redis', error.message));
    this.connections.push(redis);
    return redis;
  }

  private async answer<T>(ask: () => Promise<T>): Promise<T> {
    try {
      if (this.connection.status !== 'ready') await this.untilReady();
      return await ask();
    } catch (error) {
      throw new Transient(
        'REDIS_UNAVAILABLE',
        `Redis does not answer: ${(error as Error).message}`,
        {},
        { cause: error },
      );
    }
  }

  private async untilReady(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const ready = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.connection.off('ready', ready);
        reject(new Error('no connection within 5 s'));
      }, 5000);
      this.connection.once('ready', ready);
    });
  }
}
