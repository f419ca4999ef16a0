import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { createDatabase } from '@coldroom/local';
import { migrate, Register } from '@coldroom/register';
import { Leftovers } from './leftovers';
import { WorkDirectory } from './work-directory';

const minute = 60_000;
const day = 1440 * minute;
let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'coldroom-state-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

let register: Register;
/** Sessions 1 and 2 have attempts, of which the first is under way. */
beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `leftovers_${randomUUID()}`);
  await migrate(url);
  register = new Register(url);
  const { id } = await register.imports.orders.order(
    {
      personId: 7n,
      person: 'alice',
      groupId: 3n,
      group: 'lab',
      source: Buffer.from('/buffer/alice/run'),
      display: '/buffer/alice/run',
      target: 'Dataset:5',
      transfer: 'upload',
      options: {},
      origin: 'command',
    },
    'alice',
  );
  const { attempts, claims } = register.imports;
  const claim = (await claims.claim(id, ['ordered'], 'a worker', 60_000))!;
  await attempts.closed(claim, await attempts.begin(claim, 2n));
  const client = new pg.Client({ connectionString: url, options: '-c search_path=coldroom' });
  await client.connect();
  await client.query('UPDATE import_attempt SET judged_at = now()');
  await client.end();
  await attempts.begin(claim, 1n);
});
afterAll(() => register.close());
const leftovers = (work = new WorkDirectory(stateDir)): Leftovers =>
  new Leftovers(register, work, { stateDir, sessionMs: 7 * day, logsMs: 15 * day });

function file(path: string, ageMs = 0): string {
  const at = join(stateDir, path);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, 'key');
  const time = (Date.now() - ageMs) / 1000;
  utimesSync(at, time, time);
  return at;
}
const left = (directory: string): readonly string[] => readdirSync(join(stateDir, directory)).sort();

it('removes work directories of dead processes, and none of a live one on whatever host, whatever its number', async () => {
  const live = new WorkDirectory(stateDir);
  await live.sign();
  const id = '0123456789abcdef';
  file(`work/${hostname()}-${process.pid}-${id}/alive`, 120 * minute); // its number is that of a process that lives
  file(`work/other-1-${id}/omero/sessions/key`, 3 * day);
  file(`work/other-1-${id}/alive`, 61 * minute);
  file(`work/other-2-${id}/omero/sessions/key`, 3 * day); // an attempt runs there for days
  file(`work/other-2-${id}/alive`, 2 * minute);
  const own = new WorkDirectory(stateDir);
  await leftovers(own).remove();
  expect(left('work').map((name) => join(stateDir, 'work', name))).toEqual(
    [live.path, own.path, join(stateDir, 'work', `other-2-${id}`)].sort(),
  );
  await own.remove();
  expect(existsSync(own.path)).toBe(false);
});

it('removes what an older version made only when nothing was changed in it for longer than a session lives', async () => {
  for (const [name, age] of [
    ['old', 9],
    ['young', 7],
  ] as const) {
    file(`work/${name}-1/omero/sessions/key`, age * day);
    for (const below of ['/omero/sessions', '/omero', '']) {
      const time = (Date.now() - 9 * day) / 1000;
      utimesSync(join(stateDir, `work/${name}-1${below}`), time, time);
    }
  }
  await leftovers().remove();
  expect(left('work').filter((name) => !name.startsWith(hostname()))).toEqual(['young-1']);
});

it('leaves alone what importers did not make', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'coldroom-elsewhere-'));
  try {
    writeFileSync(join(elsewhere, 'alive'), '');
    utimesSync(join(elsewhere, 'alive'), 1, 1);
    file('work/notes/alive', 30 * day);
    file('work/a-file-1', 30 * day);
    file('logs/notes.txt', 30 * day);
    file('sessions/notes', 30 * day);
    symlinkSync(elsewhere, join(stateDir, 'work', 'link-1'));
    await leftovers().remove();
    expect(left('work').filter((name) => !name.startsWith(hostname()))).toEqual(['a-file-1', 'link-1', 'notes']);
    expect([left('logs'), left('sessions'), readdirSync(elsewhere)]).toEqual([['notes.txt'], ['notes'], ['alive']]);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

it('removes keys of closed sessions, and those of none once the session has ended', async () => {
  file('sessions/1', 30 * day);
  file('sessions/2');
  file('sessions/3', 8 * day);
  file('sessions/4');
  await leftovers().remove();
  expect(left('sessions')).toEqual(['1', '4']);
});

it('removes old logs, but not of an attempt that is under way', async () => {
  file('logs/9-1.log', 16 * day);
  file('logs/9-2.log', 16 * day);
  file('logs/9-3.log', 14 * day);
  await leftovers().remove();
  expect(left('logs')).toEqual(['9-1.log', '9-3.log']);
});
