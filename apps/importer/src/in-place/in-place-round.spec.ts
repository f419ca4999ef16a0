import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Imports } from '@coldroom/buffers';
import type { TransferMode } from '@coldroom/domain';
import { writeMarker } from '@coldroom/files';
import { createDatabase } from '@coldroom/local';
import { ImportDatabase } from '@coldroom/omero';
import { RecordedLog } from '@coldroom/pipeline/testing';
import { createOmeroSchema } from '@coldroom/sample-omero';
import { Originals } from '@coldroom/trees';
import { SourcePlaces } from '../source/places';
import { SourceScene } from '../testing/source-scene';
import { InPlaceRound, LookAgain } from './in-place-round';

const day = 86_400_000;
let scene: SourceScene;
let omero: pg.Client;
let database: ImportDatabase;
let log: RecordedLog;
const inRepository = (name: string): string => join(scene.dir, 'OMERO/ManagedRepository', name);
const source = (name: string): string => scene.at(`set/${name}`).toString();

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, `in_place_${randomUUID()}`);
  await createOmeroSchema(url);
  omero = new pg.Client({ connectionString: url, options: '-c session_replication_role=replica' });
  await omero.connect();
  database = ImportDatabase.connect(url);
});
afterAll(async () => {
  await omero.end();
  await database.close();
});
beforeEach(async () => {
  await omero.query('DELETE FROM filesetentry; DELETE FROM originalfile');
  scene = await SourceScene.make();
  scene.configure({ permanent: true, transfers: ['upload', 'ln', 'ln_s'] });
  mkdirSync(inRepository('run'), { recursive: true });
  await writeMarker(inRepository(''), 'ManagedRepository');
  log = new RecordedLog();
});
afterEach(() => scene.close());

async function insert(table: string, id: bigint, values: Readonly<Record<string, unknown>>): Promise<void> {
  const all = { id, version: 0, permissions: -40, creation_id: 0, update_id: 0, owner_id: 0, group_id: 0, ...values };
  const columns = Object.keys(all);
  await omero.query(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((_, at) => `$${at + 1}`).join(', ')})`,
    Object.values(all),
  );
}

let numbers = 1000n;
/** Two files that were imported by links, so many days ago. */
async function imported(transfer: TransferMode, daysAgo = 31): Promise<bigint> {
  for (const name of ['a.tif', 'b.tif']) scene.write(`set/${name}`, `content of ${name}`);
  const id = await scene.verified('set', transfer);
  await scene.sql.query(
    `UPDATE import_order SET state = 'done', proven_at = now() - $2 * interval '1 day' WHERE id = $1`,
    [id, daysAgo],
  );
  for (const { id: file, display } of await scene.rows(id)) {
    const number = (numbers += 1n);
    await insert('originalfile', number, { path: 'run/', name: display, repo: 'r', size: 16 });
    await insert('filesetentry', number, { fileset: number, originalfile: number, fileset_index: 0, clientpath: 'c' });
    await scene.sql.query('UPDATE import_file SET original_file_id = $2 WHERE id = $1', [file, number]);
    if (transfer === 'ln_s') symlinkSync(source(display), inRepository(`run/${display}`));
    else linkSync(source(display), inRepository(`run/${display}`));
  }
  return id;
}

async function run(): Promise<readonly string[]> {
  const places = new SourcePlaces(new Imports(scene.importsSettings(), '/nowhere'));
  const originals = new Originals(join(scene.dir, 'OMERO'));
  const again = new LookAgain(30 * day);
  await new InPlaceRound(scene.register, database, originals, places, scene.files, again, log).run(
    new AbortController().signal,
  );
  return (await scene.register.imports.inPlace.broken()).map(({ display, found }) => `${display}: ${found}`);
}
const looked = async (id: bigint): Promise<boolean> =>
  (await scene.sql.query('SELECT looked_at FROM import_order WHERE id = $1', [id])).rows[0].looked_at !== null;

it.each<TransferMode>(['ln', 'ln_s'])(
  'finds nothing where %s is as it was imported, and changes nothing',
  async (mode) => {
    const id = await imported(mode);
    expect(await run()).toEqual([]);
    expect(await looked(id)).toBe(true);
    expect(readdirSync(inRepository('run'))).toEqual(['a.tif', 'b.tif']);
    expect(log.of('import in place not looked at')).toEqual([]);
  },
);

it.each<[string, TransferMode, () => void, string]>([
  ['a source that is gone', 'ln_s', () => rmSync(source('a.tif')), 'the link leads to nothing'],
  ['a source of another size', 'ln_s', () => appendFileSync(source('a.tif'), '+'), 'the link leads to 17 bytes'],
  [
    'a link that leads elsewhere',
    'ln_s',
    () => {
      rmSync(inRepository('run/a.tif'));
      symlinkSync('/etc/passwd', inRepository('run/a.tif'));
    },
    'the link leads to /etc/passwd',
  ],
  ['a link that is gone', 'ln_s', () => rmSync(inRepository('run/a.tif')), 'OMERO has nothing'],
  ['a shared file that was written to', 'ln', () => appendFileSync(source('a.tif'), '+'), 'OMERO has 17 bytes'],
  ['a file that is gone', 'ln', () => rmSync(inRepository('run/a.tif')), 'OMERO has nothing'],
])('finds %s, reports it to administrators once, and sees when it is over', async (_, mode, change, found) => {
  await imported(mode);
  change();
  expect(await run()).toEqual([`a.tif: ${found}`]);
  await scene.sql.query(`UPDATE import_order SET looked_at = now() - interval '31 days'`);
  await run();
  const { rows } = await scene.sql.query(
    `SELECT code, detail->'total' AS total FROM event WHERE detail->>'kind' = 'audit finding'`,
  );
  expect(rows).toEqual([{ code: 'IMPORT_LINK_BROKEN', total: 1 }]);
  rmSync(inRepository('run/a.tif'), { force: true });
  writeFileSync(source('a.tif'), 'content of a.tif');
  if (mode === 'ln_s') symlinkSync(source('a.tif'), inRepository('run/a.tif'));
  else linkSync(source('a.tif'), inRepository('run/a.tif'));
  await scene.sql.query(`UPDATE import_order SET looked_at = now() - interval '31 days'`);
  expect(await run()).toEqual([]);
});

it('looks again only when it is time, and at no other mode', async () => {
  await imported('ln_s', 29);
  rmSync(source('a.tif'));
  expect(await run()).toEqual([]);
});

it('takes nothing for gone while the buffer or the repository is not mounted', async () => {
  const id = await imported('ln_s');
  for (const [root, away] of [
    [scene.at('.coldroom-root').toString(), `${scene.dir}/buffer-away`],
    [inRepository('.coldroom-root'), `${scene.dir}/repository-away`],
  ] as const) {
    renameSync(root, away);
    expect(await run()).toEqual([]);
    expect(await looked(id)).toBe(false);
    renameSync(away, root);
  }
  expect(log.of('import in place not looked at')).toMatchObject([
    { code: 'ROOT_UNAVAILABLE' },
    { code: 'ROOT_UNAVAILABLE' },
  ]);
});

it('leaves out what OMERO has no longer, and what Coldroom archives', async () => {
  await imported('ln');
  await omero.query(`DELETE FROM originalfile WHERE name = 'a.tif'`);
  for (const name of ['a.tif', 'b.tif']) rmSync(inRepository(`run/${name}`));
  // Without the rows that a file of a request has around it.
  await scene.sql.query(`SET session_replication_role = replica`);
  await scene.sql.query(
    `INSERT INTO file (request_id, bag_id, fileset, root, path, display, size, state, identity, copy_version, copy_digest, copy_read, linked_at)
     VALUES (1, 1, 'Fileset:1', 'ManagedRepository', 'run/b.tif', 'run/b.tif', 16, 'linked', '1:1:1:1:1:1:1:1:1', 'v', 'd', 'direct', now())`,
  );
  expect(await run()).toEqual([]);
  await scene.sql.query('DELETE FROM file');
  await scene.sql.query(`UPDATE import_order SET looked_at = now() - interval '31 days'`);
  expect(await run()).toEqual(['b.tif: OMERO has nothing']);
});
