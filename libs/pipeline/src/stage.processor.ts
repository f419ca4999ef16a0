import { OnWorkerEvent, Processor } from '@nestjs/bullmq';
import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import { UnrecoverableError, type Job } from 'bullmq';
import { messageOf } from '@coldroom/domain';
import { Log } from '@coldroom/runtime';
import { JobProcessor, workerOptions } from './job.processor';
import { readPayload } from './payload';
import { RedisConnection } from './redis';
import { Runner } from './runner';
import type { Stage } from './stage';

/** How many characters of a refused job's data are logged. */
const shownData = 200;

/** Takes the jobs of one stage's queue and has the runner do what the register requires. */
export abstract class StageProcessor extends JobProcessor {
  constructor(
    readonly stage: Stage,
    private readonly runner: Runner,
    protected readonly log: Log,
  ) {
    super();
  }

  protected run(data: unknown): Promise<void> {
    return this.runner.run(this.stage, understood(data));
  }

  @OnWorkerEvent('completed')
  onCompleted(job: Job): void {
    this.forget(job);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job | undefined, error: Error): void {
    this.log.warn('job refused', {
      stage: this.stage.name,
      job: job?.id,
      data: JSON.stringify(job?.data)?.slice(0, shownData),
      message: error.message,
    });
    if (job) this.forget(job);
  }

  /** Jobs that Coldroom makes remove themselves; a forged job may say otherwise. */
  private forget(job: Job): void {
    if (job.opts.removeOnComplete === true && job.opts.removeOnFail === true) return;
    job.remove().catch((error: unknown) => this.log.debug('redis', messageOf(error)));
  }
}

/** A stage's processor. The arguments of `@Processor` depend on settings, so it is applied where these are known. */
export function stageProcessor(
  stage: InjectionToken<Stage>,
  { concurrency, leaseMs }: { readonly concurrency: number; readonly leaseMs: number },
): FactoryProvider<StageProcessor> {
  return {
    provide: Symbol('stage processor'),
    inject: [stage, Runner, RedisConnection, Log],
    useFactory: (stage: Stage, runner: Runner, redis: RedisConnection, log: Log) => {
      @Processor(stage.name, workerOptions(redis, leaseMs, concurrency))
      class ConfiguredProcessor extends StageProcessor {}
      return new ConfiguredProcessor(stage, runner, log);
    },
  };
}

/** A job that was not understood is never tried again. */
function understood(data: unknown): bigint {
  try {
    return readPayload(data);
  } catch (error) {
    throw new UnrecoverableError(messageOf(error));
  }
}
