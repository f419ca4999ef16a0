import type { StageProgress, StageTime } from '@coldroom/register';
import type { Reading } from '../progress-meter';
import { costOf, type Cost, type PathState } from '../stage-costs';

export interface MadeUpRun {
  readonly bags: readonly { readonly files: number; readonly bytes: bigint }[];
  /** The costs of the stages in this run, in processing order, and the final state. */
  readonly stages: readonly (readonly [PathState, Cost])[];
  readonly end: StageProgress['state'];
  /** How many bags each stage processes at once. */
  readonly workers: number;
  /** The last stage waits until all bags have reached it, as when they are one fileset. */
  readonly lastWaitsForAll?: boolean;
  /** The times of stages in an earlier run. */
  readonly earlier?: readonly StageTime[];
}

interface Bag {
  readonly files: number;
  readonly bytes: bigint;
  stage: number;
  doneMs: number;
  claimed: boolean;
}

const tickMs = 100;
const readEveryMs = 1000;

/** Simulates the run, and reads it once a second until all is done. */
export function readings({ bags: given, stages, end, workers, lastWaitsForAll, earlier = [] }: MadeUpRun): Reading[] {
  const bags = given.map((bag): Bag => ({ ...bag, stage: 0, doneMs: 0, claimed: false }));
  const times = [...earlier];
  const read: Reading[] = [];
  const last = stages.length - 1;
  for (let at = 0; ; at += tickMs) {
    const over = bags.every((bag) => bag.stage > last);
    if (at % readEveryMs === 0 || over)
      read.push({ at, stages: rowsOf(bags, stages, end), times: [...times], approved: 0 });
    if (over) return read;
    const [here, all] = [bags.map(({ stage }) => stage), bags.every(({ stage }) => stage >= last)];
    for (const [nr, [state, cost]] of stages.entries()) {
      const due = bags.filter((_, index) => here[index] === nr).sort((one, other) => other.doneMs - one.doneMs);
      const mayWork = nr === last && lastWaitsForAll ? all : true;
      for (const [place, bag] of due.entries()) {
        bag.claimed = mayWork && place < workers;
        if (!bag.claimed) continue;
        bag.doneMs += tickMs;
        while (bag.doneMs >= costOf(cost, bag) && bag.stage === nr) {
          times.unshift({ state, files: bag.files, bytes: bag.bytes, ms: costOf(cost, bag) });
          Object.assign(bag, { stage: nr + 1, doneMs: 0, claimed: false });
        }
      }
    }
  }
}

/** As the register reports it: workers report their progress every 20 s. */
function rowsOf(bags: readonly Bag[], stages: MadeUpRun['stages'], end: StageProgress['state']): StageProgress[] {
  return [...Map.groupBy(bags, ({ stage }) => stage)].map(([nr, group]) => ({
    state: stages[nr]?.[0] ?? end,
    bags: group.length,
    files: group.reduce((sum, { files }) => sum + files, 0),
    bytes: group.reduce((sum, { bytes }) => sum + bytes, 0n),
    claimed: group.filter(({ claimed }) => claimed).length,
    doneBytes: group.reduce((sum, bag) => sum + saidBytes(bag, stages[nr]?.[1]), 0n),
  }));
}

function saidBytes(bag: Bag, cost: Cost | undefined): bigint {
  if (!bag.claimed || !cost || cost.perByte === 0) return 0n;
  const said = Math.floor(bag.doneMs / 20_000) * 20_000;
  return BigInt(Math.floor((Number(bag.bytes) * said) / costOf(cost, bag)));
}
