import type { WorkState } from '@coldroom/domain';
import type { StageProgress } from '@coldroom/register';
import { formatBytes, formatCount } from './bytes';
import { formatDuration } from './durations';
import { table } from './table';

type BagState = WorkState | 'done';

/** What is done next to bags in a state, in the order in which a bag goes. */
const stages: Readonly<Record<BagState, { readonly label: string; readonly order: number }>> = {
  approved: { label: 'hash', order: 0 },
  hashed: { label: 'copy', order: 1 },
  copied: { label: 'verify', order: 2 },
  verified: { label: 'ingest', order: 3 },
  sealed: { label: 'link', order: 4 },
  undoing: { label: 'undo', order: 5 },
  retrieving: { label: 'bring online', order: 6 },
  online: { label: 'fetch', order: 7 },
  fetched: { label: 'verifyFetched', order: 8 },
  fetchVerified: { label: 'place', order: 9 },
  moving: { label: 'move', order: 10 },
  moveCopied: { label: 'check', order: 11 },
  moveVerified: { label: 'moveSeal', order: 12 },
  moveSealed: { label: 'moveLink', order: 13 },
  linked: { label: 'held', order: 14 },
  recalled: { label: 'online', order: 15 },
  done: { label: 'done', order: 16 },
};
/** The stages that read or write every byte; the others take as good as no time for a byte. */
const heavy = ['approved', 'hashed', 'copied'] as const satisfies readonly BagState[];
const barWidth = 30;

/** Bags that a service will move without waiting for a person or for the hold time. */
export function underWay(now: readonly StageProgress[]): number {
  return now
    .filter(({ state }) => state !== 'done' && state !== 'linked' && state !== 'recalled')
    .reduce((sum, row) => sum + row.bags, 0);
}

export interface Pace {
  /** Bytes still to be hashed, copied and verified, each counted as often as it will be read. */
  readonly remaining: bigint;
  /** Share of the work since `start` that is done, 0 to 1. */
  readonly share: number;
  /** Bytes a second through all stages; 0 where nothing moved. */
  readonly rate: number;
  /** Undefined where it cannot be told. */
  readonly leftMs: number | undefined;
}

/** How fast it goes: `before` and `now` are `elapsedMs` apart; the share counts from `start`. */
export function paceOf(
  before: readonly StageProgress[],
  now: readonly StageProgress[],
  elapsedMs: number,
  start = before,
): Pace {
  const moved = (from: readonly StageProgress[]): bigint =>
    heavy.reduce((sum, state) => sum + atLeastZero(passed(now, state) - passed(from, state)), 0n);
  const total = now.reduce((sum, row) => sum + row.bytes, 0n);
  const remaining = heavy.reduce((sum, state) => sum + atLeastZero(total - passed(now, state)), 0n);
  const done = moved(start);
  const rate = elapsedMs > 0 ? (Number(moved(before)) * 1000) / elapsedMs : 0;
  const share = done + remaining === 0n ? 1 : Number(done) / Number(done + remaining);
  return {
    remaining,
    share: underWay(now) > 0 ? Math.min(share, 0.99) : share,
    rate,
    leftMs: rate > 0 ? (Number(remaining) / rate) * 1000 : undefined,
  };
}

/**
 * Progress as lines for a screen: a table of stages, a bar, rate and time left.
 * @param before an earlier reading, `elapsedMs` ago: gives the rate
 * @param start the reading at which the bar stood at 0
 */
export function renderProgress(
  before: readonly StageProgress[],
  now: readonly StageProgress[],
  elapsedMs: number,
  start = before,
): readonly string[] {
  const rows = [...now]
    .sort((one, other) => stages[one.state].order - stages[other.state].order)
    .map((row) => {
      const rate =
        row.state === 'done' || elapsedMs <= 0
          ? 0
          : (Number(atLeastZero(passed(now, row.state) - passed(before, row.state))) * 1000) / elapsedMs;
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
  return [
    ...table(columns, rows),
    '',
    `${bar(paceOf(before, now, elapsedMs, start).share)} ${progressLine(before, now, elapsedMs, start)}`,
  ];
}

/** The same in one line, for logs. */
export function progressLine(
  before: readonly StageProgress[],
  now: readonly StageProgress[],
  elapsedMs: number,
  start = before,
): string {
  const { remaining, share, rate, leftMs } = paceOf(before, now, elapsedMs, start);
  const bags = underWay(now);
  if (bags === 0) return '100 %, nothing under way';
  return [
    `${Math.floor(share * 100)} %`,
    `${formatCount(bags)} ${bags === 1 ? 'bag' : 'bags'} under way`,
    remaining > 0n ? `${formatBytes(remaining)} to read` : 'all bytes read',
    ...(rate >= 1 ? [`${formatBytes(rate)}/s`] : []),
    ...(leftMs !== undefined && remaining > 0n ? [`about ${formatDuration(leftMs)} left`] : []),
  ].join(', ');
}

function bar(share: number): string {
  const full = Math.floor(share * barWidth);
  return `[${'='.repeat(full)}${'-'.repeat(barWidth - full)}]`;
}

/** Bytes that have the stage behind them: in later states, or done by those who work on it now. */
function passed(reading: readonly StageProgress[], state: BagState): bigint {
  const { order } = stages[state];
  return reading.reduce(
    (sum, row) => sum + (stages[row.state].order > order ? row.bytes : row.state === state ? row.doneBytes : 0n),
    0n,
  );
}

function atLeastZero(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
