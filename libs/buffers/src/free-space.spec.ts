import { isShort } from './free-space';
import { parseImports } from './settings';

const parsed = (warnBelow: unknown) =>
  parseImports({ buffers: { main: { directory: '/buffer', warnBelow } } }).buffers[0]!.warnBelow;

test.each([
  ['5%', { percent: 5 }],
  ['500GB', { bytes: 500e9 }],
  ['2 TB', { bytes: 2e12 }],
  [0, { bytes: 0 }],
])('%j is an amount of free space', (text, limit) => expect(parsed(text)).toEqual(limit));

test.each(['', '10', '100%', '5 %', '1MB', '-1%', 10])('%j is none', (text) =>
  expect(() => parsed(text)).toThrow('amount of free space'),
);

test.each([
  [99n, { percent: 10 }, true],
  [100n, { percent: 10 }, undefined],
  [119n, { percent: 10 }, undefined],
  [120n, { percent: 10 }, false],
  [499n, { bytes: 500 }, true],
  [519n, { bytes: 500 }, undefined],
  [520n, { bytes: 500 }, false],
  [0n, { bytes: 0 }, false],
])('of 1000 bytes %s are free, and %j are wanted: %s', (freeBytes, limit, short) =>
  expect(isShort({ freeBytes, totalBytes: 1000n }, limit)).toBe(short),
);
