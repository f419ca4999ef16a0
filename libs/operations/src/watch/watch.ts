import { setTimeout as sleep } from 'node:timers/promises';
import type { Register, StageProgress } from '@coldroom/register';
import { ProgressMeter, underWay, type Pace } from '@coldroom/terminal';
import { noSuchRequest } from '../failure';
import { stuckIn, type Stuck } from '../stuck';
import { stoppedSwitches } from '../switches/stopped';

const pollMs = 1000;

export interface ProgressReading {
  readonly pace: Pace;
  readonly stages: readonly StageProgress[];
  /** Approved requests that the scanner has not packed into bags yet. */
  readonly approved: number;
  readonly stuck: readonly Stuck[];
  /** Names of the switches that are stopped. */
  readonly stopped: readonly string[];
  /** Nothing advances without a person: the only bags under way are those that wait for a stuck file. */
  readonly isOver: boolean;
}

/** Reads the progress of one request or of all, every second, for as long as the caller wants. */
export async function* watch(register: Register, requestId?: bigint): AsyncGenerator<ProgressReading, never> {
  if (requestId !== undefined && (await register.reports.requestStates(requestId)).length === 0)
    throw noSuchRequest(requestId);
  const meter = await ProgressMeter.of(register, requestId);
  for (; ; await sleep(pollMs)) {
    const pace = await meter.read(register, requestId);
    const { stages, approved } = meter.last;
    const stuck = await stuckIn(register, requestId);
    const bags = underWay(stages);
    yield {
      pace,
      stages,
      approved,
      stuck,
      stopped: (await stoppedSwitches(register)).map((one) => one.name),
      isOver:
        approved === 0 &&
        (bags === 0 || (stuck.length > 0 && bags === (await register.reports.bagsBehindStuck(requestId)))),
    };
  }
}
