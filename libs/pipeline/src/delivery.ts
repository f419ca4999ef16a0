import type { InjectionToken, ModuleMetadata } from '@nestjs/common';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { Queues } from './queues';
import type { QueueSettings } from './queue-modules';
import { QueuesModule } from './queues.module';
import { Runner, type RunnerOptions } from './runner';
import type { Stage } from './stage';
import { stageProcessor, type StageProcessor } from './stage.processor';
import { Sweep, SWEEP, type SweepOptions } from './sweep';
import { PROCESSORS, Workers } from './workers';

export interface DeliverySettings extends QueueSettings {
  readonly concurrency: number;
  readonly sweepMs: number;
  readonly runner: RunnerOptions;
}

/**
 * What a module imports and provides so that bags are delivered to its stages. The module itself provides these stages
 * and `Register`.
 */
export function delivery(
  stages: readonly InjectionToken<Stage>[],
  { url, prefix, concurrency, sweepMs, runner }: DeliverySettings,
): Required<Pick<ModuleMetadata, 'imports' | 'providers'>> {
  const processors = stages.map((stage) => stageProcessor(stage, { concurrency, leaseMs: runner.leaseMs }));
  return {
    imports: [QueuesModule.forRoot({ url, prefix })],
    providers: [
      {
        provide: Runner,
        inject: [Register, Queues, Log],
        useFactory: (register: Register, queues: Queues, log: Log) =>
          new Runner(register, (bags) => queues.offer(bags), log, runner),
      },
      ...processors,
      {
        provide: PROCESSORS,
        inject: processors.map(({ provide }) => provide),
        useFactory: (...made: StageProcessor[]) => made,
      },
      {
        provide: SWEEP,
        inject: [...stages],
        useFactory: (...made: Stage[]): SweepOptions => ({ stages: made, everyMs: sweepMs }),
      },
      Sweep,
      Workers,
    ],
  };
}
