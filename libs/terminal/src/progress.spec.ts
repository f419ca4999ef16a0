import type { StageProgress } from '@coldroom/register';
import { paceOf, progressLine, renderProgress, underWay } from './progress';

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

  it('counts each byte as often as it is read', () => {
    // hashed 7 of 10, copied 3 of 10, verified 2 of 10
    const pace = paceOf(before, now, 12_000);
    expect(pace.remaining).toBe(18n * gib);
    expect(pace.share).toBeCloseTo(12 / 30);
    expect(pace.rate).toBe(Number(gib));
    expect(pace.leftMs).toBe(18_000);
  });
  it('is not done as long as a bag is under way, and done when none is', () => {
    expect(paceOf(before, [row('sealed', 10n)], 1000).share).toBe(0.99);
    expect(paceOf(before, [row('linked', 10n)], 1000).share).toBe(1);
    expect(paceOf([], [], 0)).toEqual({ remaining: 0n, share: 1, rate: 0, leftMs: undefined });
  });
  it('does not count what was done before the start', () => {
    const old = row('done', 1000n);
    expect(paceOf([old, ...before], [old, ...now], 12_000).share).toBeCloseTo(12 / 30);
  });
  it('gives no rate and no end where nothing moves, also where a bag went back', () => {
    expect(paceOf(now, before, 1000)).toMatchObject({ rate: 0, leftMs: undefined });
  });
  it('holds neither held nor finished bags for work', () => {
    expect(
      underWay([row('approved', 1n), row('sealed', 2n), row('undoing', 4n), row('linked', 8n), row('done', 16n)]),
    ).toBe(7);
  });
  it('draws stages in the order in which bags go, a bar, rate and time left', () => {
    const lines = renderProgress(before, [...now].reverse(), 12_000);
    expect(lines.map((line) => line.trimEnd().split(/\s+/)[0])).toEqual([
      'stage',
      'hash',
      'copy',
      'verify',
      'held',
      '',
      '[============------------------]',
    ]);
    expect(lines[1]).toBe('hash       4        1     40  4.00 GiB  597 MiB/s');
    expect(lines.at(-1)).toContain('40 %, 8 bags under way, 18.0 GiB to read, 1.00 GiB/s, about 18 s left');
  });
  it('says it in one line, also at the end', () => {
    expect(progressLine(before, [row('linked', 10n)], 1000)).toBe('100 %, nothing under way');
  });
});
