import type { WorkState } from '@coldroom/domain';
import type { StageProgress } from '@coldroom/register';
import { formatBytes, formatCount } from './bytes';
import { formatDuration } from './durations';
import type { Pace } from './progress-meter';
import { table } from './table';

type BagState = WorkState | 'done';

/** The next action on bags in each state, in the order in which a bag is processed. */
const stages: Readonly<Record<BagState, { readonly label: string; readonly order: number }>> = {
  approved: { label: 'hash', order: 0 },
  hashed: { label: 'copy', order: 1 },
  copied: { label: 'verify', order: 2 },
  verified: { label: 'seal', order: 3 },
  sealed: { label: 'link', order: 4 },
  undoing: { label: 'undo', order: 5 },
  retrieving: { label: 'bring online', order: 6 },
  online: { label: 'fetch', order: 7 },
  fetched: { label: 'verify fetched', order: 8 },
  fetchVerified: { label: 'place', order: 9 },
  moving: { label: 'move copy', order: 10 },
  moveCopied: { label: 'move verify', order: 11 },
  moveVerified: { label: 'move seal', order: 12 },
  moveSealed: { label: 'move link', order: 13 },
  linked: { label: 'held', order: 14 },
  recalled: { label: 'online', order: 15 },
  done: { label: 'done', order: 16 },
};
const barWidth = 30;

/** Bags that a service will process without waiting for a person or for the hold time. */
export function underWay(now: readonly StageProgress[]): number {
  return now
    .filter(({ state }) => state !== 'done' && state !== 'linked' && state !== 'recalled')
    .reduce((sum, row) => sum + row.bags, 0);
}

/** Progress as lines for a screen: a table of stages, a bar, rate and time left. */
export function renderProgress(now: readonly StageProgress[], pace: Pace): readonly string[] {
  const rows = [...now]
    .sort((one, other) => stages[one.state].order - stages[other.state].order)
    .map((row) => {
      const rate = pace.rates.get(row.state) ?? 0;
      return [
        stages[row.state].label,
        formatCount(row.bags),
        row.claimed > 0 ? formatCount(row.claimed) : '',
        formatCount(row.files),
        formatBytes(row.bytes),
        rate >= 1 ? `${formatBytes(rate)}/s` : '',
      ];
    });
  const columns = [
    { title: 'stage' },
    ...['bags', 'working', 'files', 'bytes', 'rate'].map((title) => ({ title, right: true })),
  ];
  return [...table(columns, rows), '', `${bar(pace.share)} ${progressLine(now, pace)}`];
}

/** The same in one line, for logs. */
export function progressLine(now: readonly StageProgress[], pace: Pace): string {
  const bags = underWay(now);
  const percent = `${Math.floor(pace.share * 100)} %`;
  if (bags === 0) return `${percent}, nothing under way`;
  return [
    percent,
    `${formatCount(bags)} ${bags === 1 ? 'bag' : 'bags'} under way`,
    pace.remaining > 0n ? `${formatBytes(pace.remaining)} to read` : 'all bytes read',
    `${formatCount(pace.files)} ${pace.files === 1 ? 'file' : 'files'} to finish`,
    ...(pace.rate >= 1 ? [`${formatBytes(pace.rate)}/s`] : []),
    timeLeft(pace),
  ].join(', ');
}

export function timeLeft({ leftMs, estimating }: Pace): string {
  if (leftMs !== undefined) return `about ${formatDuration(Math.max(1000, leftMs))} left`;
  return estimating ? 'estimating the time left' : 'nothing has moved lately';
}

function bar(share: number): string {
  const full = Math.floor(share * barWidth);
  return `[${'='.repeat(full)}${'-'.repeat(barWidth - full)}]`;
}
