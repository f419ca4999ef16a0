import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLines, lastLinesOf } from './last-lines';

test.each([
  ['nothing', '', ''],
  ['two lines', 'a\nb\n\n', 'a\nb'],
  [
    'the last 20 of many lines',
    Array.from({ length: 30 }, (_, at) => `line ${at}`).join('\n'),
    Array.from({ length: 20 }, (_, at) => `line ${at + 10}`).join('\n'),
  ],
  ['a line whole, or not', `${'x'.repeat(3000)}\n${'y'.repeat(3000)}`, 'y'.repeat(3000)],
  ['the end of a line that is too long', 'z'.repeat(5000), 'z'.repeat(4000)],
  ['text without colours and control characters', 'a\0b\x1b[31mred\x1b[0m\r\n\tc', 'abred\n\tc'],
])('it keeps %s', (_what, text, kept) => {
  expect(lastLines(text)).toBe(kept);
});

test('the end of a large log, from a whole line on', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-lines-'));
  try {
    const log = join(dir, 'a.log');
    writeFileSync(log, `${'x'.repeat(100)}\n`.repeat(1000) + 'the end\n');
    const kept = await lastLinesOf(log);
    expect(kept).toMatch(/^x{100}\n(x{100}\n){18}the end$/);
    expect(await lastLinesOf(join(dir, 'none'))).toBeUndefined();
  } finally {
    rmSync(dir, { recursive: true });
  }
});
