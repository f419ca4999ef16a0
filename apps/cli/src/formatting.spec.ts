import {
  counted,
  formatAge,
  formatBytes,
  formatDuration,
  formatTime,
  harmless,
  pairs,
  table,
} from '@coldroom/terminal';
import { toJson } from './output';

describe('formatBytes', () => {
  it.each([
    [0n, '0 B'],
    [1023n, '1023 B'],
    [1024n, '1.00 KiB'],
    [10_239n, '10.0 KiB'],
    [1_023_999n, '0.98 MiB'],
    [1n << 30n, '1.00 GiB'],
    [1_048_575n, '1.00 MiB'],
    [123n << 40n, '123 TiB'],
    [2n ** 63n - 1n, '8.00 EiB'],
  ])('%s bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [499, '0 s'],
    [999, '1 s'],
    [59_700, '1 min'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [93_784_000, '1 d 2 h'],
    [-5, '0 s'],
  ])('%s ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('gives ages, also where clocks differ', () => {
    expect(formatAge(new Date(0), new Date(90_000))).toBe('1 min 30 s ago');
    expect(formatAge(new Date(90_000), new Date(0))).toBe('just now');
    expect(formatTime(new Date(2026, 10, 9, 8, 7, 6))).toBe('2026-11-09 08:07:06');
  });
});

describe('tables', () => {
  it('aligns columns, whatever their colour', () => {
    expect(
      table(
        [{ title: 'state' }, { title: 'files', right: true }],
        [
          ['\x1b[31mNew\x1b[39m', '7'],
          [undefined, '12345'],
        ],
      ),
    ).toEqual(['state  files', '\x1b[31mNew\x1b[39m        7', '       12345']);
  });
  it('leaves out pairs without a value', () => {
    expect(
      pairs([
        ['Owner', 'ada'],
        ['Reason', undefined],
        ['Requester', 'bob'],
      ]),
    ).toEqual(['Owner      ada', 'Requester  bob']);
  });
  it('counts', () => {
    expect([counted(1, 'file'), counted(1000n, 'file'), counted(0, 'bag')]).toEqual([
      '1 file',
      '1,000 files',
      '0 bags',
    ]);
  });
});

describe('what other people wrote', () => {
  it('can neither move the cursor nor fake a line', () => {
    expect(harmless('a\x1b[2Jb\nc\x07d\u202ee')).toBe('a\\x1b[2Jb\\x0ac\\x07d\\xe2\\x80\\xaee');
    expect(harmless('\x1b[31mred\x1b[39m Zürich 東京')).toBe('\x1b[31mred\x1b[39m Zürich 東京');
  });
  it('keeps 64-bit numbers whole in JSON', () => {
    expect(JSON.parse(toJson({ id: 2n ** 63n - 1n }))).toEqual({ id: '9223372036854775807' });
  });
});
