import { Counter, Gauge, Histogram } from 'prom-client';
import type { Transition, StageProgress, Switch } from '@coldroom/register';

export const bagSeconds = new Histogram({
  name: 'coldroom_bag_seconds',
  help: 'Time a stage spends on one bag',
  labelNames: ['stage'],
  buckets: [0.05, 0.2, 1, 5, 20, 60, 300, 1800, 7200],
});
export const swept = new Counter({
  name: 'coldroom_swept_bags_total',
  help: 'Bags the sweep queued because no worker held them, including those that only wait for a free worker',
  labelNames: ['stage'],
});
const files = new Counter({
  name: 'coldroom_files_total',
  help: 'Files a stage moved, by event',
  labelNames: ['stage', 'event'],
});
const failures = new Counter({
  name: 'coldroom_stuck_files_total',
  help: 'Files that became stuck, by code',
  labelNames: ['stage', 'code'],
});
const bags = new Gauge({ name: 'coldroom_bags', help: 'Bags by state', labelNames: ['state'] });
const bytes = new Gauge({ name: 'coldroom_bag_bytes', help: 'Bytes in bags by state', labelNames: ['state'] });

const stops = new Gauge({
  name: 'coldroom_stopped',
  help: '1 where a person or a breaker stopped something',
  labelNames: ['switch'],
});

export function showSwitches(switches: readonly Switch[]): void {
  stops.reset();
  for (const each of switches) stops.set({ switch: each.name }, each.stopped ? 1 : 0);
}

export function countTransitions(stage: string, transitions: readonly Transition[]): void {
  for (const transition of transitions) {
    files.inc({ stage, event: transition.event });
    if (transition.to === 'stuck') failures.inc({ stage, code: transition.code ?? 'UNKNOWN' });
  }
}

/** Sets the metrics of bags and bytes in each state, as the register counts them. */
export function showProgress(progress: readonly StageProgress[]): void {
  bags.reset();
  bytes.reset();
  for (const row of progress) {
    bags.set({ state: row.state }, row.bags);
    bytes.set({ state: row.state }, Number(row.bytes));
  }
}
