import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Gate } from './gate';

const at = (text: string) => () => new Date(`2026-03-04T${text}:00`);

test.each<[string, string, number, number, boolean]>([
  ['in the evening', '19:00', 19 * 60, 7 * 60, true],
  ['at night', '03:00', 19 * 60, 7 * 60, true],
  ['at the end', '07:00', 19 * 60, 7 * 60, false],
  ['by day', '12:00', 19 * 60, 7 * 60, false],
  ['before its hours', '11:59', 12 * 60, 13 * 60, false],
  ['within its hours', '12:59', 12 * 60, 13 * 60, true],
])('%s (%s) it is open or not, as the hours say', (_when, time, from, to, isOpen) => {
  expect(new Gate({ hours: { from, to } }, at(time)).why() === undefined).toBe(isOpen);
});

test('while the lock file is there, it is closed, or slow where a rate is named', () => {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-gate-'));
  const file = join(dir, 'lock');
  const [closing, slow] = [new Gate({ acquiring: { file } }), new Gate({ rate: 50, acquiring: { file, rate: 10 } })];
  expect([closing.why(), slow.why(), slow.rate()]).toEqual([undefined, undefined, 50]);
  writeFileSync(file, '');
  expect([closing.why(), slow.why(), slow.rate()]).toEqual([expect.stringContaining(file), undefined, 10]);
  rmSync(dir, { recursive: true });
});
