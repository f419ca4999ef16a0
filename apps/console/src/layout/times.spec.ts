import { ago, dayOf, exactTime } from './times';

const now = new Date('2026-12-04T12:00:00Z');
const before = (ms: number): string => ago(new Date(now.getTime() - ms), now);

test.each([
  [-5000, 'just now'],
  [59_999, 'just now'],
  [60_000, '1 minute ago'],
  [3_599_999, '59 minutes ago'],
  [47 * 3_600_000, '47 hours ago'],
  [48 * 3_600_000, '2 days ago'],
  [45 * 86_400_000, '45 days ago'],
  [60 * 86_400_000, '2 months ago'],
  [800 * 86_400_000, '2 years ago'],
])('%d ms ago is "%s"', (ms, words) => {
  expect(before(ms)).toBe(words);
});

test('a day and an exact time, whatever the time zone of the machine', () => {
  expect([dayOf(now), exactTime(now)]).toEqual(['4 December 2026', '2026-12-04 12:00 UTC']);
});
