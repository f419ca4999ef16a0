import { Counter, Gauge, Histogram, register as metrics } from 'prom-client';
import { workStates, type ArchiveFile } from '@coldroom/domain';
import type { Register, StageProgress, Switch, Transition } from '@coldroom/register';

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
const bytesMoved = new Counter({
  name: 'coldroom_bytes_total',
  help: 'Bytes of the files that a stage moved, without those that became stuck',
  labelNames: ['stage'],
});
export const attempts = new Counter({
  name: 'coldroom_failed_attempts_total',
  help: 'Attempts that failed for a reason that may pass, by code',
  labelNames: ['stage', 'code'],
});
export const lostClaims = new Counter({
  name: 'coldroom_lost_claims_total',
  help: 'Bags that another worker took over, because the lease ended before the work did',
  labelNames: ['stage'],
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

export function countTransitions(
  stage: string,
  claimed: readonly Pick<ArchiveFile, 'id' | 'size'>[],
  transitions: readonly Transition[],
): void {
  const sizes = new Map(claimed.map(({ id, size }) => [id, Number(size)]));
  for (const transition of transitions) {
    files.inc({ stage, event: transition.event });
    if (transition.to !== 'stuck') bytesMoved.inc({ stage }, sizes.get(transition.id) ?? 0);
    else failures.inc({ stage, code: transition.code ?? 'UNKNOWN' });
  }
}

/** Sets the metrics of bags and bytes in each state, as the register counts them. */
export function showProgress(progress: readonly StageProgress[]): void {
  for (const state of workStates) for (const gauge of [bags, bytes]) gauge.set({ state }, 0);
  for (const row of progress) {
    bags.set({ state: row.state }, row.bags);
    bytes.set({ state: row.state }, Number(row.bytes));
  }
}

/** The connections of this process to the register, as they are when the metrics are read. */
export function watchConnections(register: Pick<Register, 'connections'>): void {
  const name = 'coldroom_register_connections';
  metrics.removeSingleMetric(name); // of a service that ran before in the same process
  new Gauge({
    name,
    help: 'Connections to the register: open, idle, and calls that wait for one',
    labelNames: ['state'],
    collect() {
      for (const [state, count] of Object.entries(register.connections)) this.set({ state }, count);
    },
  });
}
