import {
  statSync,
  type BigIntStats,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { bufferMarker, Imports, parseImports } from '@coldroom/buffers';
import { Files, writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { RecordedLog } from '@coldroom/pipeline/testing';
import { migrate, Register, type ImportOrder } from '@coldroom/register';
import { Stability, WatchRound } from './watch-round';

const stableMs = 60;
const files = new Files({ threads: 1 });
let dir: string;
let register: Register;
let sql: pg.Pool;
let log: RecordedLog;
const at = (...names: string[]): string => join(dir, 'buffer', ...names);

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'importer_watch', { existing: 'drop' });
  await migrate(url);
  register = new Register(url);
  sql = new pg.Pool({ connectionString: url, max: 1, options: '-c search_path=coldroom' });
  const person = (id: bigint, login: string) => ({
    id,
    login,
    fullName: login,
    email: `${login}@example.org`,
    active: true,
    administrator: false,
    withheld: [],
  });
  await register.people.mirror({
    people: [person(7n, 'alice'), person(8n, 'bob')],
    groups: [
      { id: 3n, name: 'lab' },
      { id: 4n, name: 'other' },
    ],
    memberships: [
      { groupId: 3n, personId: 7n, leader: false },
      { groupId: 3n, personId: 8n, leader: false },
      { groupId: 4n, personId: 8n, leader: false },
    ],
  });
});
afterAll(async () => {
  await sql.end();
  await register.close();
  await files.close();
});
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-watch-'));
  mkdirSync(at());
  await writeMarker(at(), bufferMarker('main'));
  await sql.query('TRUNCATE import_watched, import_order CASCADE');
  log = new RecordedLog();
});
afterEach(() => rmSync(dir, { recursive: true }));

function file(path: string, content = 'x', ageMs = 3_600_000): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
  const then = (Date.now() - ageMs) / 1000;
  utimesSync(at(path), then, then);
}
const manifest = (path: string, lines: readonly string[]): void => file(`${path}/import.yml`, lines.join('\n'));

function watching(watch: object, buffer: object = {}): () => Promise<void> {
  const settings = { buffers: { main: { directory: at(), watch, ...buffer } } };
  const imports = new Imports(parseImports(settings), join(dir, 'OMERO'));
  const round = new WatchRound(imports, register, files, new Stability(stableMs), log);
  return () => round.run(new AbortController().signal);
}
/** Two looks, with the time in between that a set must stay the same. */
async function twoLooks(round: () => Promise<void>): Promise<readonly ImportOrder[]> {
  await round();
  await sleep(stableMs + 20);
  await round();
  return (await register.imports.orders.list()).toReversed();
}
const below = (order: ImportOrder): string => order.source.toString().slice(at().length + 1);
const faults = async (): Promise<readonly string[]> =>
  (await register.imports.watched.faults()).map(({ fault }) => fault.split(':')[0] as string);
const layout = { layout: '{login}/{dataset}' };

it('orders what a layout makes a set, for its person', async () => {
  file('alice/day 1/a.tif');
  file('bob/day 2/a.tif'); // bob is in two groups
  file('alice/loose.tif');
  const orders = await twoLooks(watching(layout));
  expect(orders.map(below)).toEqual(['alice/day 1']);
  expect(orders).toMatchObject([
    { person: 'alice', group: 'lab', target: 'Dataset:name:day 1', transfer: 'upload', origin: 'buffer' },
  ]);
  expect(await faults()).toEqual(['IMPORT_GROUP_MISSING']);
});

it('takes group and project from a layout that names them', async () => {
  file('other/bob/screen/day 2/a.tif');
  const round = watching({ layout: '{group}/{login}/{project}/{dataset}' }, { access: 'other/{login}' });
  expect(await twoLooks(round)).toMatchObject([
    { person: 'bob', group: 'other', target: 'Dataset:name:screen - day 2', display: at('other/bob/screen/day 2') },
  ]);
});

it('orders nothing at the first look, however old the files are', async () => {
  file('alice/day 1/a.tif');
  await watching(layout)();
  expect(await register.imports.orders.list()).toEqual([]);
});

it.each<[string, () => void]>([
  ['a file is being written', () => file('alice/day 1/b.tif.part')],
  ['a file was changed just now', () => file('alice/day 1/b.tif', 'x', -5)],
  ['rsync is writing', () => file('alice/day 1/.b.tif.Xy12ab')],
  ['the marker is missing', () => file('alice/day 1/sub/done.txt')],
])('waits while %s', async (what, change) => {
  file('alice/day 1/a.tif');
  if (!what.includes('marker')) file('alice/day 1/done.txt');
  change();
  const round = watching({ ...layout, marker: 'done.txt' });
  await round();
  await sleep(stableMs + 20);
  if (what.includes('just now')) utimesSync(at('alice/day 1/b.tif'), Date.now() / 1000, Date.now() / 1000);
  await round();
  expect(await register.imports.orders.list()).toEqual([]);
  expect(await faults()).toEqual([]);
});

it('waits while sizes change from look to look', async () => {
  const round = watching(layout);
  for (const content of ['1', '12', '123']) {
    file('alice/day 1/a.tif', content);
    expect(await twoLooks(async () => (file('alice/day 1/a.tif', `${content}${Math.random()}`), round()))).toEqual([]);
  }
  expect(await twoLooks(round)).toHaveLength(1);
});

it('waits for files: an empty directory is no set', async () => {
  mkdirSync(at('alice/day 1'), { recursive: true });
  expect(await twoLooks(watching(layout))).toEqual([]);
});

it('orders by a manifest, for the person whose directory it is in', async () => {
  file('alice/runs/7/a.tif');
  manifest('alice/runs/7', [
    'target: Screen:3',
    'transfer: ln',
    'name: run 7',
    'annotate:',
    '  Stain: DAPI',
    '  Day: 3',
  ]);
  manifest('alice/runs/7/inner', ['target: Screen:4']);
  const orders = await twoLooks(watching({ manifests: 'own' }, { transfers: ['upload', 'ln'] }));
  expect(orders.map(below)).toEqual(['alice/runs/7']);
  expect(orders).toMatchObject([
    {
      person: 'alice',
      target: 'Screen:3',
      transfer: 'ln',
      options: {
        name: 'run 7',
        annotations: [
          ['Stain', 'DAPI'],
          ['Day', '3'],
        ],
      },
    },
  ]);
});

it('refuses a manifest that orders for another person, unless the site allows it', async () => {
  file('alice/run/a.tif');
  manifest('alice/run', ['target: Dataset:1', 'user: bob', 'group: lab']);
  expect(await twoLooks(watching({ manifests: 'own' }))).toEqual([]);
  expect(await faults()).toEqual(['IMPORT_MANIFEST_USER']);
  const orders = await twoLooks(watching({ manifests: 'any' }));
  expect(orders).toMatchObject([{ person: 'bob', orderedBy: 'importer' }]);
  expect(await faults()).toEqual([]);
});

it('needs a user in a shared directory, and the right of the site', async () => {
  file('shared/run/a.tif');
  manifest('shared/run', ['target: Dataset:1']);
  const shared = { shared: ['shared'] };
  expect(await twoLooks(watching({ manifests: 'any' }, shared))).toEqual([]);
  expect(await faults()).toEqual(['IMPORT_MANIFEST_USER']);
});

it.each<[string, readonly string[], string]>([
  ['no YAML', ['target: [', 'x'], 'IMPORT_MANIFEST_INVALID'],
  ['an unknown key', ['target: Dataset:1', 'targt: x'], 'IMPORT_MANIFEST_INVALID'],
  ['no target', ['name: x'], 'IMPORT_MANIFEST_INVALID'],
  ['another transfer', ['target: Dataset:1', 'transfer: ln_rm'], 'IMPORT_MANIFEST_INVALID'],
  ['a target that OMERO does not have', ['target: Project:1'], 'IMPORT_TARGET_INVALID'],
  ['a transfer that the buffer does not allow', ['target: Dataset:1', 'transfer: ln_s'], 'IMPORT_TRANSFER_NOT_ALLOWED'],
  ['a person who does not exist', ['target: Dataset:1'], 'IMPORT_PERSON_UNKNOWN'],
])(
  'reports a manifest with %s once, until the set changes, and writes nothing into the buffer',
  async (_, lines, code) => {
    const who = code === 'IMPORT_PERSON_UNKNOWN' ? 'carol' : 'alice';
    file(`${who}/run/a.tif`);
    manifest(`${who}/run`, lines);
    const round = watching({ manifests: 'own' });
    expect(await twoLooks(round)).toEqual([]);
    await round();
    expect(await faults()).toEqual([code]);
    const events = async () =>
      (
        await sql.query(
          `SELECT code, detail FROM event WHERE what = 'import not ordered' AND detail->>'source' LIKE $1`,
          [`${dir}/%`],
        )
      ).rows;
    expect(await events()).toMatchObject([{ code, detail: { source: at(`${who}/run`), login: who } }]);
    expect(readdirSync(at(`${who}/run`)).sort()).toEqual(['a.tif', 'import.yml']);
    file(`${who}/run/b.tif`);
    await twoLooks(round);
    expect(await events()).toHaveLength(2);
  },
);

it('is a manifest only as a file of the directory itself', async () => {
  file('alice/run/a.tif');
  file('elsewhere.yml', 'target: Dataset:1');
  symlinkSync(at('elsewhere.yml'), at('alice/run/import.yml'));
  expect(await twoLooks(watching({ manifests: 'own' }))).toEqual([]);
  expect(await faults()).toEqual([]);
});

describe('a set that was ordered', () => {
  let round: () => Promise<void>;
  let id: bigint;
  beforeEach(async () => {
    file('alice/day 1/a.tif');
    round = watching(layout);
    id = (await twoLooks(round))[0]!.id;
  });
  const leftOut = ({ dev, ino, size, mtimeNs }: Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>) =>
    sql.query(
      `INSERT INTO import_file (order_id, path, display, size, identity) VALUES ($1, 'notes.txt', 'notes.txt', $2, $3)`,
      [id, size, [dev, ino, size, mtimeNs, 1, 1, 0, 0, 0].join(':')],
    );
  const become = (state: string) =>
    sql.query('UPDATE import_order SET state = $2, proven_at = now() WHERE id = $1', [id, state]);

  it.each(['ordered', 'importing', 'done', 'cancelled'])(
    'is not ordered again while it looks the same: %s',
    async (state) => {
      await become(state);
      expect(await twoLooks(round)).toHaveLength(1);
      expect(await faults()).toEqual([]);
    },
  );

  it('and changes after its import is reported, as its files would be imported twice', async () => {
    await become('done');
    file('alice/day 1/b.tif');
    expect(await twoLooks(round)).toHaveLength(1);
    expect(await faults()).toEqual(['IMPORT_SET_CHANGED']);
  });

  it('and changes while it is imported is left to the order', async () => {
    await become('importing');
    file('alice/day 1/b.tif');
    expect(await twoLooks(round)).toHaveLength(1);
    expect(await faults()).toEqual([]);
  });

  it.each(['emptied', 'cancelled'])('is ordered again with other files once the order is %s', async (state) => {
    await become(state);
    rmSync(at('alice/day 1/a.tif'));
    file('alice/day 1/b.tif');
    expect(await twoLooks(round)).toHaveLength(2);
  });

  it('and emptied is not ordered again for what OMERO left out, but with new files', async () => {
    file('alice/day 1/notes.txt', 'notes');
    await leftOut(statSync(at('alice/day 1/notes.txt'), { bigint: true }));
    await become('emptied');
    rmSync(at('alice/day 1/a.tif'));
    expect(await twoLooks(round)).toHaveLength(1);
    expect(await twoLooks(round)).toHaveLength(1);
    file('alice/day 1/b.tif');
    expect(await twoLooks(round)).toHaveLength(2);
  });

  it('and emptied is ordered again when a file that was left out has changed', async () => {
    file('alice/day 1/notes.txt', 'notes');
    await leftOut({ ...statSync(at('alice/day 1/notes.txt'), { bigint: true }), mtimeNs: 1n });
    await become('emptied');
    rmSync(at('alice/day 1/a.tif'));
    expect(await twoLooks(round)).toHaveLength(2);
  });

  it('is not ordered twice after a crash before that was recorded', async () => {
    await sql.query('UPDATE import_watched SET order_id = NULL, ordered_look = NULL');
    expect(await twoLooks(round)).toHaveLength(1);
    expect((await sql.query('SELECT order_id FROM import_watched')).rows).toEqual([{ order_id: String(id) }]);
  });
});

it('looks at other buffers while one is not mounted', async () => {
  file('alice/day 1/a.tif');
  const settings = {
    buffers: { away: { directory: join(dir, 'away'), watch: layout }, main: { directory: at(), watch: layout } },
  };
  const imports = new Imports(parseImports(settings), join(dir, 'OMERO'));
  const round = new WatchRound(imports, register, files, new Stability(stableMs), log);
  expect(await twoLooks(() => round.run(new AbortController().signal))).toHaveLength(1);
  expect(log.of('buffer not watched')).toMatchObject([{ buffer: 'away', code: 'ROOT_UNAVAILABLE' }, {}]);
});

it('never takes what Coldroom keeps in a buffer for a set', async () => {
  file('locks/5/a.tif');
  file('.hidden/x/a.tif');
  expect(await twoLooks(watching(layout, { locks: at('locks') }))).toEqual([]);
  expect(await faults()).toEqual([]);
});

it('does not follow a directory that became a link', async () => {
  file('bob/day/a.tif');
  mkdirSync(at('alice'));
  symlinkSync(at('bob/day'), at('alice/day'));
  renameSync(at('bob/day'), at('bob-day'));
  symlinkSync(at('bob-day'), at('bob/day'));
  expect(await twoLooks(watching(layout))).toEqual([]);
});
