import type { StageProgress } from '@coldroom/register';
import { progressLine, renderProgress, underWay } from './progress';
import { ProgressMeter } from './progress-meter';

const gib = 1n << 30n;
const row = (state: StageProgress['state'], gibibytes: bigint, more: Partial<StageProgress> = {}): StageProgress => ({
  state,
  bags: Number(gibibytes),
  files: Number(gibibytes) * 10,
  bytes: gibibytes * gib,
  doneBytes: 0n,
  claimed: 0,
  ...more,
});

describe('progress', () => {
  const before = [row('approved', 10n)];
  const now = [
    row('approved', 4n, { doneBytes: gib, claimed: 1 }),
    row('hashed', 3n),
    row('copied', 1n),
    row('linked', 2n),
  ];
  const meter = new ProgressMeter();
  meter.add({ at: 0, stages: before, times: [], approved: 0 });
  const pace = meter.add({ at: 12_000, stages: now, times: [], approved: 0 });

  it('counts each byte as often as it is read', () => {
    // hashed 7 of 10, copied 3 of 10, verified 2 of 10
    expect(pace.remaining).toBe(18n * gib);
    expect(pace.rate).toBe(Number(gib));
    expect(pace.files).toBe(80);
  });
  it('counts neither held nor finished bags as work', () => {
    expect(
      underWay([row('approved', 1n), row('sealed', 2n), row('undoing', 4n), row('linked', 8n), row('done', 16n)]),
    ).toBe(7);
  });
  it('draws stages in processing order, a bar, rate and time left', () => {
    const lines = renderProgress([...now].reverse(), pace);
    expect(lines.map((line) => line.trimEnd().split(/\s+/)[0])).toEqual([
      'stage',
      'hash',
      'copy',
      'verify',
      'held',
      '',
      '[===========-------------------]',
    ]);
    expect(lines[1]).toBe('hash       4        1     40  4.00 GiB  597 MiB/s');
    expect(lines.at(-1)).toMatch(
      /38 %, 8 bags under way, 18.0 GiB to read, 80 files to finish, 1.00 GiB\/s, about 22 s left$/,
    );
  });
  it('fits in one line, also at the end', () => {
    const stages = [row('linked', 10n)];
    expect(progressLine(stages, meter.add({ at: 15_000, stages, times: [], approved: 0 }))).toBe(
      '100 %, nothing under way',
    );
  });
});
