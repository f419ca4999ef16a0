import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Log } from '@coldroom/runtime';
import { queueModules, type QueueSettings } from './queue-modules';
import { Queues } from './queues';
import { RedisConnection } from './redis';
import { stageNames } from './stage';

/** A queue for each stage. Needs a global `Log`. */
@Module({})
export class QueuesModule {
  static forRoot(settings: QueueSettings): DynamicModule {
    const { redis, queues } = queueModules(settings, stageNames);
    return {
      module: QueuesModule,
      imports: [redis, ...queues],
      providers: [
        {
          provide: Queues,
          inject: [RedisConnection, Log, ...stageNames.map((name) => getQueueToken(name))],
          useFactory: (connections: RedisConnection, log: Log, ...queues: Queue[]) =>
            new Queues(connections, queues, log),
        },
      ],
      exports: [Queues, redis, BullModule],
    };
  }
}
