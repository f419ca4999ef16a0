import type { Queue } from 'bullmq';
import type { DueBag } from '@coldroom/register';
import type { Log } from '@coldroom/runtime';
import { payloadOf } from './payload';
import type { RedisConnection } from './redis';
import { stageNames, type StageName } from './stage';
import { stageOf } from './stages';

/** Jobs on the queue of a stage. */
export interface StageJobs {
  readonly stage: StageName;
  /** Also those that wait for a later time. */
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
}

/** Delivers bags to workers. Losing all of it loses no work: the register knows which bags are due. */
export class Queues {
  private readonly queues: ReadonlyMap<string, Queue>;

  constructor(
    private readonly redis: RedisConnection,
    queues: readonly Queue[],
    log: Log,
  ) {
    this.queues = new Map(queues.map((queue) => [queue.name, queue]));
    // An unavailable Redis is reported when it is used; a queue without a listener would print every attempt to
    // connect.
    for (const queue of queues) queue.on('error', (error) => log.debug('redis', error.message));
  }

  /** Puts bags on the queues of their next stage; a bag that is already on its queue stays there once. */
  async offer(bags: readonly DueBag[]): Promise<void> {
    for (const [stage, group] of Map.groupBy(bags, (bag) => stageOf[bag.state])) {
      await this.redis.answer(() =>
        this.queue(stage).addBulk(
          group.map(({ bagId }) => ({ name: 'bag', data: payloadOf(bagId), opts: { jobId: `bag-${bagId}` } })),
        ),
      );
    }
  }

  /** How many jobs are waiting or running on a stage's queue. */
  async pending(stage: StageName): Promise<number> {
    const counts = await this.redis.answer(() =>
      this.queue(stage).getJobCounts('waiting', 'active', 'delayed', 'prioritized'),
    );
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  /** The jobs on each queue now, in the order of the stages. */
  async counts(): Promise<readonly StageJobs[]> {
    return Promise.all(
      stageNames.map(async (stage) => {
        const counts = await this.redis.answer(() =>
          this.queue(stage).getJobCounts('waiting', 'delayed', 'prioritized', 'active', 'failed'),
        );
        const { waiting = 0, delayed = 0, prioritized = 0, active = 0, failed = 0 } = counts;
        return { stage, waiting: waiting + delayed + prioritized, active, failed };
      }),
    );
  }

  private queue(stage: StageName): Queue {
    return this.queues.get(stage) as Queue;
  }
}
