import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Log } from '@coldroom/runtime';
import { Queues } from './queues';
import { RedisConnection } from './redis';
import { stageNames } from './stage';

export interface QueueSettings {
  readonly url: string;
  readonly prefix: string;
}

@Module({})
class RedisModule {}

/** A queue for each stage. Needs a global `Log`. */
@Module({})
export class QueuesModule {
  static forRoot({ url, prefix }: QueueSettings): DynamicModule {
    const redis: DynamicModule = {
      module: RedisModule,
      providers: [{ provide: RedisConnection, inject: [Log], useFactory: (log: Log) => new RedisConnection(url, log) }],
      exports: [RedisConnection],
    };
    return {
      module: QueuesModule,
      imports: [
        redis,
        BullModule.forRootAsync({
          imports: [redis],
          inject: [RedisConnection],
          useFactory: ({ forQueues }: RedisConnection) => ({
            connection: forQueues,
            prefix,
            // A finished job that remained would block the next offer under its id.
            defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
          }),
          // No job is taken before the startup checks have passed: Workers registers the processors.
          extraOptions: { manualRegistration: true },
        }),
        BullModule.registerQueue(...stageNames.map((name) => ({ name }))),
      ],
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
