import type { StageProgress } from '@coldroom/register';
import { progressLine } from './progress';
import { ProgressMeter, type Pace } from './progress-meter';
import { readings, type MadeUpRun } from './testing/made-up-run';

const mib = 2 ** 20;
const bagsOf = (count: number, files: number, bytes: number): MadeUpRun['bags'] =>
  Array.from({ length: count }, () => ({ files, bytes: BigInt(bytes) }));

/** Milliseconds per file and per MiB. */
const cost = (perFile: number, perMiB = 0) => ({ perFile, perByte: perMiB / mib });
const archive = (link: number, perMiB = [2, 3, 2]): MadeUpRun['stages'] => [
  ['approved', cost(0.5, perMiB[0])],
  ['hashed', cost(0.5, perMiB[1])],
  ['copied', cost(0.5, perMiB[2])],
  ['verified', cost(0.3)],
  ['sealed', cost(link)],
];

const smallFiles: MadeUpRun = {
  bags: bagsOf(91, 256, 256 * 75_000),
  stages: archive(8),
  end: 'linked',
  workers: 2,
};
const runs: Readonly<Record<string, MadeUpRun>> = {
  'small files, of which the links take longest': smallFiles,
  'small files of one fileset, linked when all are durable': {
    ...smallFiles,
    stages: archive(2),
    lastWaitsForAll: true,
  },
  'large files': { bags: bagsOf(60, 1, 4096 * mib), stages: archive(1), end: 'done', workers: 2 },
  'one file of 500 GiB': {
    bags: bagsOf(1, 1, 500 * 1024 * mib),
    stages: archive(1, [1, 1, 1]),
    end: 'linked',
    workers: 2,
  },
  'large files on a slow store': {
    bags: bagsOf(40, 2, 512 * mib),
    stages: archive(1, [2, 40, 20]),
    end: 'linked',
    workers: 2,
  },
  'small files first, then large ones': {
    ...smallFiles,
    bags: [...smallFiles.bags, ...bagsOf(60, 1, 2048 * mib)],
  },
  'small files that are restored': {
    bags: bagsOf(91, 256, 256 * 75_000),
    stages: [
      ['retrieving', cost(0.1)],
      ['online', cost(0.5, 3)],
      ['fetched', cost(0.5, 2)],
      ['fetchVerified', cost(4)],
    ],
    end: 'done',
    workers: 2,
  },
};

interface Seen {
  /** Share of the time that has passed. */
  readonly over: number;
  readonly leftMs: number;
  readonly pace: Pace;
  readonly stages: readonly StageProgress[];
}

function watched(run: MadeUpRun): readonly Seen[] {
  const read = readings(run);
  const meter = new ProgressMeter();
  const total = read.at(-1)!.at;
  return read.map((one) => ({
    over: one.at / total,
    leftMs: total - one.at,
    pace: meter.add(one),
    stages: one.stages,
  }));
}

describe.each(Object.entries(runs))('progress of %s', (_name, run) => {
  const seen = watched(run);
  it('never falls, and is 100 % only when the last file is in place', () => {
    const shares = seen.map(({ pace }) => pace.share);
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
    expect(shares.indexOf(1)).toBe(seen.length - 1);
    expect(seen.at(-1)!.pace).toMatchObject({ share: 1, leftMs: 0, files: 0, remaining: 0n });
  });
  it('says "estimating" first, then a time between half and twice the real one', () => {
    expect(seen[0]!.pace).toMatchObject({ leftMs: undefined, estimating: true });
    expect(progressLine(seen[0]!.stages, seen[0]!.pace)).toContain('estimating the time left');
    const wrong = seen
      .filter(({ over }) => over > 0.15 && over < 0.95)
      .map(({ leftMs, pace }) => (pace.leftMs ?? 0) / leftMs)
      .filter((ratio) => ratio < 0.5 || ratio > 2);
    expect(wrong.length).toBeLessThan(seen.length / 20);
  });
});

describe('progress', () => {
  it('is far from its end when all bytes of small files are read and half of the time is left', () => {
    const seen = watched({ ...smallFiles, lastWaitsForAll: true, earlier: readings(smallFiles).at(-1)!.times });
    const read = seen.find(({ pace }) => pace.remaining === 0n)!;
    expect(read.over).toBeLessThan(0.5);
    expect(read.pace).toMatchObject({ files: 91 * 256 });
    expect(read.pace.share).toBeLessThan(0.6);
    expect(progressLine(read.stages, read.pace)).toMatch(/all bytes read, 23,296 files to finish, .*, about .* left$/);
  });

  const row = (state: StageProgress['state'], bags: number, more: Partial<StageProgress> = {}): StageProgress => ({
    state,
    bags,
    files: bags * 10,
    bytes: BigInt(bags * 1024 * mib),
    doneBytes: 0n,
    claimed: 0,
    ...more,
  });
  const meter = (...stages: StageProgress[][]): Pace[] => {
    const one = new ProgressMeter();
    return stages.map((rows, nr) => one.add({ at: nr * 61_000, stages: rows, times: [], approved: 0 }));
  };

  it('does not count what was done before, but what is archived of its own requests', () => {
    const rows = [row('done', 30), row('approved', 10)];
    expect(meter(rows)[0]!.share).toBe(0);
    const archived = { files: 300, bytes: BigInt(30 * 1024 * mib) };
    const reading = { at: 0, stages: rows, times: [], approved: 0 };
    expect(new ProgressMeter(archived).add(reading).share).toBeCloseTo(0.75);
  });
  it('reports when nothing moves, and does not invent a time', () => {
    const [, still] = meter([row('approved', 10)], [row('approved', 10)]);
    expect(still).toMatchObject({ rate: 0, leftMs: undefined, estimating: false, share: 0 });
    expect(progressLine([row('approved', 10)], still!)).toContain('nothing has moved lately');
  });
  it('does not fall when bags go back or work is added, and starts again after the end', () => {
    const [, first, back, more, over, again] = meter(
      [row('approved', 10)],
      [row('hashed', 10)],
      [row('approved', 5), row('hashed', 5)],
      [row('approved', 105), row('hashed', 5)],
      [row('linked', 110)],
      [row('linked', 100), row('retrieving', 10)],
    ).map(({ share }) => share);
    expect(first).toBeGreaterThan(0.2);
    expect([back, more]).toEqual([first, first]);
    expect([over, again]).toEqual([1, 0]);
  });
  it('is not complete while an approved request has no bags yet', () => {
    const one = new ProgressMeter();
    const pace = one.add({ at: 0, stages: [row('linked', 3)], times: [], approved: 1 });
    expect(pace).toMatchObject({ share: 0, leftMs: undefined, estimating: true });
  });
  it('is complete, even if there is nothing', () => {
    expect(meter([])[0]).toMatchObject({ share: 1, leftMs: 0, remaining: 0n, files: 0 });
  });
});
