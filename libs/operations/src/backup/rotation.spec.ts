import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeMarker } from '@coldroom/files';
import { DirectoryPlace } from './directory-place';
import { dumpOf, dumpsIn, parseDump } from './names';
import { rotate } from './rotation';

const keep = { daily: 7, weekly: 4, monthly: 6 };
const dayMs = 86_400_000;
const start = Date.parse('2026-01-15T02:30:00Z');
const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'coldroom-rotation-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Periods of each kind, counted by a calendar of its own: `Intl` gives days and months, weeks begin on Mondays. */
function periods(days: readonly number[]): { daily: number; weekly: number; monthly: number } {
  const date = (day: number): Date => new Date(start + day * dayMs);
  const week = (day: number): number => day - ((date(day).getUTCDay() + 6) % 7);
  return {
    daily: new Set(days.map((day) => date(day).toDateString())).size,
    weekly: new Set(days.map(week)).size,
    monthly: new Set(days.map((day) => `${date(day).getUTCFullYear()} ${date(day).getUTCMonth()}`)).size,
  };
}

async function* content(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

it('never has fewer days, weeks and months than set in 200 days, and does not keep all', async () => {
  const path = join(dir, 'days');
  mkdirSync(path);
  await writeMarker(path, 'backup');
  const place = new DirectoryPlace(path);
  const least = { daily: 0, weekly: 0, monthly: 0 };
  let most = 0;
  for (let day = 0; day < 200; day += 1) {
    const dump = dumpOf('register', new Date(start + day * dayMs), undefined);
    await place.write(dump.name, content(dump.name));
    const dumps = dumpsIn(await place.names(), 'register');
    const { old, damaged } = await rotate(dumps, keep, ({ name }) => place.isGood(name));
    expect(damaged).toEqual([]);
    for (const { name } of old) await place.remove(name);
    const left = dumpsIn(await place.names(), 'register').map(({ at }) => (at.getTime() - start) / dayMs);
    const all = periods(Array.from({ length: day + 1 }, (_, nr) => nr));
    const kept = periods(left);
    for (const kind of ['daily', 'weekly', 'monthly'] as const) {
      const wanted = Math.min(keep[kind], all[kind]);
      if (kept[kind] < wanted) throw new Error(`day ${day}: ${kept[kind]} ${kind} instead of ${wanted}`);
      least[kind] = wanted;
    }
    expect(left).toEqual(expect.arrayContaining(Array.from({ length: Math.min(7, day + 1) }, (_, nr) => day - nr)));
    most = Math.max(most, left.length);
  }
  expect(least).toEqual(keep);
  expect(most).toBeLessThanOrEqual(7 + 4 + 6);
  expect(readdirSync(path).length).toBeLessThanOrEqual(2 * most + 1);
  await place.close();
}, 180_000);

it('keeps another dump of a day, week or month in which one is damaged', async () => {
  const days = [0, 1, 2, 3, 4, 5].map((day) => dumpOf('register', new Date(start - day * dayMs), undefined));
  const { kept, old, damaged } = await rotate(days, { daily: 2, weekly: 0, monthly: 0 }, async (dump) =>
    [days[1], days[2], days[4]].every((bad) => bad !== dump),
  );
  expect({ kept, damaged, old }).toEqual({ kept: [days[0], days[3]], damaged: [days[1], days[2]], old: days.slice(4) });
});

it('takes names of its own scheme only', () => {
  const name = 'coldroom-register-20260228T023000Z.dump';
  expect(parseDump(name)).toMatchObject({ name, database: 'register', at: new Date('2026-02-28T02:30:00Z') });
  expect(parseDump(`${name}.age`)?.cipher).toBe('age');
  for (const other of [
    `${name}.zip`,
    `x${name}`,
    ` ${name}`,
    `${name}\n`,
    name.replace('0228', '0230'),
    name.replace('register', 'other'),
    name.replace('T02', 't02'),
    name.replace('023000', '253000'),
  ])
    expect([other, parseDump(other)]).toEqual([other, undefined]);
});
