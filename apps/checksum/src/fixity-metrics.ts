import { Counter, Gauge } from 'prom-client';
import type { FixityFigures } from '@coldroom/register';

const files = new Counter({
  name: 'coldroom_fixity_files_total',
  help: 'Copies the rolling check looked at, by what it found: good, bad, offline, unread',
  labelNames: ['store', 'result'],
});
const bytes = new Counter({
  name: 'coldroom_fixity_bytes_total',
  help: 'Bytes of copies the rolling check read',
  labelNames: ['store'],
});
const faults = new Gauge({
  name: 'coldroom_fixity_faults',
  help: 'Copies that were not right when they were last read',
  labelNames: ['store'],
});
const unread = new Gauge({
  name: 'coldroom_fixity_unread',
  help: 'Copies that were never read since the register recorded them, as after a rebuild',
  labelNames: ['store'],
});
const oldest = new Gauge({
  name: 'coldroom_fixity_oldest_seconds',
  help: 'Age of the oldest read of a copy',
  labelNames: ['store'],
});

export function countCopy(store: string, result: string, size: bigint): void {
  files.inc({ store, result });
  if (result === 'good' || result === 'bad') bytes.inc({ store }, Number(size));
}

/** Shown by the process whose turn it is. */
export function showFigures(figures: readonly FixityFigures[]): void {
  for (const gauge of [faults, unread, oldest]) gauge.reset();
  for (const one of figures) {
    faults.set({ store: one.store }, one.faults);
    unread.set({ store: one.store }, one.unread);
    if (one.oldest) oldest.set({ store: one.store }, (Date.now() - one.oldest.getTime()) / 1000);
  }
}
