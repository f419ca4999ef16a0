import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import { Log } from '@coldroom/runtime';
import { RedisConnection } from './redis';

export interface QueueSettings {
  readonly url: string;
  readonly prefix: string;
}

@Module({})
class RedisModule {}

/** The modules of some queues and of the connection that they share. Needs a global `Log`. */
export function queueModules(
  { url, prefix }: QueueSettings,
  names: readonly string[],
): { readonly redis: DynamicModule; readonly queues: readonly DynamicModule[] } {
  const redis: DynamicModule = {
    module: RedisModule,
    providers: [{ provide: RedisConnection, inject: [Log], useFactory: (log: Log) => new RedisConnection(url, log) }],
    exports: [RedisConnection],
  };
  const root = BullModule.forRootAsync({
    imports: [redis],
    inject: [RedisConnection],
    useFactory: ({ forQueues }: RedisConnection) => ({
      connection: forQueues,
      prefix,
      // A finished job that remained would block the next offer under its id.
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    }),
    // No job is taken before the startup checks have passed: the processors are registered then.
    extraOptions: { manualRegistration: true },
  });
  return { redis, queues: [root, BullModule.registerQueue(...names.map((name) => ({ name })))] };
}
