import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { ImportDatabase } from './import-database';
import { OmeroRows } from './testing/omero-rows';

const grants = readFileSync(join(__dirname, '../../../docs/omero-import-grants.sql'), 'utf8');
const key = randomUUID();

let rows: OmeroRows;
let url: string;
let omero: ImportDatabase;
let alice: bigint;
let group: bigint;
beforeAll(async () => {
  rows = await OmeroRows.create('import_grants');
  await rows.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  await rows.query(grants);
  await rows.query(grants);
  await rows.query("ALTER ROLE coldroom_importer PASSWORD 'of a test'");
  const login = new URL(rows.url);
  login.username = 'coldroom_importer';
  login.password = 'of a test';
  url = login.href;
  omero = ImportDatabase.connect(url);
  group = await rows.group('lab');
  alice = await rows.person('alice', [group]);
});
afterAll(async () => {
  await omero.close();
  await rows.query('DROP OWNED BY coldroom_importer');
  await rows.drop();
});

async function session(uuid: string): Promise<bigint> {
  const times = { started: '2026-01-01', timetoidle: 0, timetolive: 0 };
  return rows.insert('session', { uuid, owner: alice, node: 0, defaulteventtype: 'User', useragent: 'x', ...times });
}

/** A fileset of these client paths that the session made. */
async function fileset(sessionId: bigint, paths: readonly string[], owner = alice): Promise<bigint> {
  const event = { time: '2026-01-01', experimenter: owner, experimentergroup: group, session: sessionId, type: 0 };
  const id = await rows.fileset({ creation_id: await rows.insert('event', event), owner_id: owner });
  for (const [index, clientpath] of paths.entries())
    await rows.own('filesetentry', {
      fileset: id,
      originalfile: await rows.file('alice/', `${id}-${index}`),
      fileset_index: index,
      clientpath,
    });
  return id;
}

it('finds the number of a session by its key, and none for another key', async () => {
  const number = await session(key);
  expect(await omero.sessionNumber(key)).toBe(number);
  expect(await omero.sessionNumber(randomUUID())).toBeUndefined();
});

it('lists the filesets of the given sessions and owner only, also those without an image', async () => {
  const [first, second, other] = [
    await session(randomUUID()),
    await session(randomUUID()),
    await session(randomUUID()),
  ];
  const whole = await fileset(first, ['data/ä "x".tif', 'data/b']);
  await rows.image({ fileset: whole });
  await rows.image({ fileset: whole });
  const empty = await fileset(second, ['data/c']);
  await fileset(other, ['data/d']);
  await fileset(first, ['data/e'], 0n);
  expect(await omero.madeBy([first, second], alice)).toEqual([
    { filesetId: whole, clientPaths: ['data/ä "x".tif', 'data/b'], images: 2, groupId: 0n },
    { filesetId: empty, clientPaths: ['data/c'], images: 0, groupId: 0n },
  ]);
  expect(await omero.madeBy([], alice)).toEqual([]);
});

it.each([
  'SELECT uuid FROM session',
  'SELECT owner FROM session',
  'SELECT hash FROM password',
  'SELECT email FROM experimenter',
  'SELECT name FROM image',
  'DELETE FROM fileset',
  "UPDATE filesetentry SET clientpath = 'x'",
  'INSERT INTO event (id) VALUES (1)',
  'CREATE TABLE public.mine (id int)',
  'CREATE TABLE coldroom_import.mine (id int)',
])('its role may not: %s', async (statement) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await client.end();
  }
});

it('no other role may ask for the number of a session', async () => {
  await rows.query("CREATE ROLE coldroom_curious LOGIN PASSWORD 'of a test'");
  await rows.query('GRANT USAGE ON SCHEMA coldroom_import TO coldroom_curious');
  const login = new URL(url);
  login.username = 'coldroom_curious';
  const client = new pg.Client({ connectionString: login.href });
  await client.connect();
  try {
    const asked = client.query('SELECT coldroom_import.session_number($1)', [key]);
    await expect(asked).rejects.toMatchObject({ code: '42501', message: expect.stringMatching(/function/) });
  } finally {
    await client.end();
    await rows.query('DROP OWNED BY coldroom_curious; DROP ROLE coldroom_curious');
  }
});

it.each([
  'REVOKE EXECUTE ON FUNCTION coldroom_import.session_number(text) FROM coldroom_importer',
  'DROP FUNCTION coldroom_import.session_number(text)',
  'DROP SCHEMA coldroom_import CASCADE',
])('without its function it names the file to run: %s', async (statement) => {
  await rows.query(statement);
  try {
    await expect(omero.sessionNumber(key)).rejects.toMatchObject({
      kind: 'refused',
      code: 'OMERO_IMPORT_RIGHTS_MISSING',
      message: expect.stringContaining('docs/omero-import-grants.sql'),
    });
  } finally {
    await rows.query(grants);
  }
});

test('datasets of a project are found by its number or name, in one group', async () => {
  const other = await rows.group('other lab');
  const project = await rows.own('project', { name: 'Mice', owner_id: alice, group_id: group });
  const dataset = async (name: string, in_ = group): Promise<bigint> => {
    const id = await rows.own('dataset', { name, owner_id: alice, group_id: in_ });
    await rows.own('projectdatasetlink', { parent: project, child: id });
    return id;
  };
  const id = await dataset('Day 1');
  await dataset('Day 2');
  await dataset('Day 1', other);
  await rows.own('dataset', { name: 'Day 1', owner_id: alice, group_id: group });
  const found = [{ id, ownerId: alice }];
  expect(await omero.datasetsIn({ project, dataset: 'Day 1' }, group)).toEqual(found);
  expect(await omero.datasetsIn({ project: 'Mice', dataset: 'Day 1' }, group)).toEqual(found);
  expect(await omero.datasetsIn({ project: 'Rats', dataset: 'Day 1' }, group)).toEqual([]);
});
