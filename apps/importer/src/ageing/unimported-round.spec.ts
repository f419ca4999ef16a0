import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import { Files, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { RecordedLog } from '@coldroom/pipeline/testing';
import { migrate, Register } from '@coldroom/register';
import { UnimportedRound } from './unimported-round';

const day = 86_400_000;
const files = new Files({ threads: 1 });
const log = new RecordedLog();
let dir: string;
let register: Register;
let sql: pg.Pool;
let round: UnimportedRound;
const at = (...names: string[]): string => join(dir, 'buffer', ...names);

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'importer_ageing', { existing: 'drop' });
  await migrate(url);
  register = new Register(url);
  sql = new pg.Pool({ connectionString: url, max: 1, options: '-c search_path=coldroom' });
});
afterAll(async () => {
  await sql.end();
  await register.close();
  await files.close();
});
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-ageing-'));
  mkdirSync(at());
  await writeMarker(at(), bufferMarker('main'));
  await sql.query('TRUNCATE import_unimported, import_order CASCADE');
  const settings = { buffers: { main: { directory: at(), lifetime: '60d', shared: ['all'] } } };
  round = new UnimportedRound(new Imports(parseImports(settings), join(dir, 'OMERO')), register, files, log);
});
afterEach(() => rmSync(dir, { recursive: true }));

function file(path: string, ageDays: number): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), 'four');
  const then = (Date.now() - ageDays * day) / 1000;
  utimesSync(at(path), then, then);
}
async function ordered(path: string, state = 'ordered'): Promise<void> {
  const { id } = await register.imports.orders.order(
    {
      personId: 7n,
      person: 'alice',
      groupId: 3n,
      group: 'lab',
      source: Buffer.from(at(path)),
      display: at(path),
      target: 'Dataset:1',
      transfer: 'upload',
      options: {},
      origin: 'command',
    },
    'alice',
  );
  await sql.query('UPDATE import_order SET state = $2, proven_at = now() WHERE id = $1', [id, state]);
}
async function ageing(withinMs = 7 * day) {
  await round.run(new AbortController().signal);
  const found = await register.imports.unimported.ageing(withinMs, 10);
  return found.flatMap(({ login, shown }) => shown.map(({ display }) => `${login} ${display.slice(at().length + 1)}`));
}

it('finds what was never imported and is near the lifetime of its buffer, by its newest file', async () => {
  file('alice/old/a.tif', 61);
  file('alice/old/sub/b.tif', 55);
  file('alice/loose.tif', 100);
  file('alice/mixed/old.tif', 100);
  file('alice/mixed/new.tif', 1);
  file('bob/new.tif', 50);
  file('all/old.tif', 100);
  file('.coldroom-locks/7/a.tif', 100);
  mkdirSync(at('alice/empty'));
  symlinkSync('/etc', at('alice/link'));
  expect(await ageing()).toEqual(['alice alice/loose.tif', 'alice alice/old']);
  expect((await register.imports.unimported.ageing(7 * day, 1))[0]).toMatchObject({
    login: 'alice',
    count: 2,
    bytes: 12n,
  });
  expect(await ageing(20 * day)).toHaveLength(3);
});

it.each<[string, string, string, boolean]>([
  ['itself', 'alice/set', 'importing', false],
  ['a part of it', 'alice/set/sub', 'done', false],
  ['what it is in', 'alice', 'done', false],
  ['itself, of which this was left out', 'alice/set', 'emptied', true],
  ['itself, and cancelled', 'alice/set', 'cancelled', true],
  ['a neighbour with a longer name', 'alice/set 2', 'done', true],
])('after an order of %s', async (_, source, state, reported) => {
  file('alice/set/sub/a.tif', 100);
  await ordered(source, state);
  expect(await ageing()).toEqual(reported ? ['alice alice/set'] : []);
});

it('keeps what was found while the buffer is not mounted', async () => {
  file('alice/old/a.tif', 100);
  expect(await ageing()).toHaveLength(1);
  renameSync(at('.coldroom-root'), join(dir, 'marker'));
  expect(await ageing()).toHaveLength(1);
  renameSync(join(dir, 'marker'), at('.coldroom-root'));
  rmSync(at('alice/old'), { recursive: true });
  expect(await ageing()).toEqual([]);
});
