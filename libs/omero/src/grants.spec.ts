import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { ImageMark } from './mark-annotations';
import { neededSequences, needs } from './needs';
import { OmeroDatabase } from './omero-database';
import { collect, OmeroRows } from './testing/omero-rows';

const grants = readFileSync(join(__dirname, '../../../docs/omero-grants.sql'), 'utf8');

let rows: OmeroRows;
let url: string;
let omero: OmeroDatabase;
let image: ImageMark;
beforeAll(async () => {
  rows = await OmeroRows.create('grants');
  // As on a database whose administrator revoked PostgreSQL's default rights of all roles.
  await rows.query(
    `REVOKE ALL ON DATABASE ${(await rows.query<{ name: string }>('SELECT current_database() AS name'))[0]?.name} FROM PUBLIC`,
  );
  await rows.query(
    'REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE EXECUTE ON FUNCTION ome_nextval(varchar), ome_nextval(varchar, integer), _prepare_session(bigint, bigint, bigint) FROM PUBLIC',
  );
  await rows.query(grants);
  await rows.query(grants);
  await rows.query("ALTER ROLE coldroom_scanner PASSWORD 'of a test'");
  // A sequence of the sample OMERO only, not of OMERO itself.
  await rows.query(
    "DO $$ BEGIN IF to_regclass('_reindexing_required_seq') IS NOT NULL THEN GRANT USAGE ON SEQUENCE _reindexing_required_seq TO coldroom_scanner; END IF; END $$",
  );
  const login = new URL(rows.url);
  login.username = 'coldroom_scanner';
  login.password = 'of a test';
  url = login.href;
  omero = OmeroDatabase.connect(url);
  const group = await rows.group('lab');
  const owner_id = await rows.person('alice', [group]);
  const fileset = await rows.fileset();
  image = {
    imageId: await rows.image({ owner_id, group_id: group, fileset }),
    groupId: group,
    requester: { id: owner_id, name: 'alice' },
  };
  await rows.entry(fileset, await rows.file('alice/', 'a.tif'));
  await rows.link(image.imageId, await rows.annotation('TO-ARCHIVE', { owner_id, group_id: group }), {
    owner_id,
    group_id: group,
  });
});
afterAll(async () => {
  await omero.close();
  await rows.query('DROP OWNED BY coldroom_scanner');
  await rows.drop();
});

it('suffice for everything, in a fresh namespace too', async () => {
  expect(await omero.check()).toMatchObject({ patch: 0 });
  expect(await collect(omero.marks('TO-ARCHIVE'))).toMatchObject([{ imageId: image.imageId, ignored: null }]);
  const files = await omero.withClosure([image.imageId], async (closure) => {
    await collect(closure.components);
    await collect(closure.images);
    return collect(closure.files);
  });
  expect(files.map(({ path }) => path.toString())).toEqual(['alice/a.tif']);
  await rows.query("DELETE FROM namespace WHERE name = 'archiving'");
  expect(await omero.setPending([image])).toMatchObject([{ outcome: 'marked' }]);
  expect(await rows.count("namespace WHERE name = 'archiving'")).toBe(1);
  expect(await omero.setArchived([image])).toMatchObject([{ outcome: 'marked' }]);
  expect(
    await omero.clear([image], { restoreArchived: new Map([[image.imageId, null]]), dropNote: true }),
  ).toMatchObject([{ outcome: 'cleared' }]);
  expect(await rows.count('imageannotationlink')).toBe(0);
});

it('suffice for the roster; without the right to names and addresses only the roster is refused', async () => {
  expect((await omero.roster()).people).toContainEqual(expect.objectContaining({ login: 'alice', active: true }));
  await rows.query('REVOKE SELECT (email, lastname) ON experimenter FROM coldroom_scanner');
  try {
    await expect(omero.roster()).rejects.toMatchObject({
      kind: 'refused',
      code: 'OMERO_PEOPLE_NOT_READABLE',
      message: expect.stringMatching(/may not read lastname, email of experimenter.*docs\/omero-grants\.sql/),
    });
    await expect(omero.checkRosterRights()).rejects.toMatchObject({ code: 'OMERO_PEOPLE_NOT_READABLE' });
    expect(await omero.check()).toMatchObject({ patch: 0 });
  } finally {
    await rows.query(grants);
  }
  await omero.checkRosterRights();
});

it('suffice for usage; without the right to the time of events only usage is refused', async () => {
  await omero.usage(60_000);
  await rows.query('REVOKE SELECT (time) ON event FROM coldroom_scanner');
  try {
    await expect(omero.usage(60_000)).rejects.toMatchObject({
      kind: 'refused',
      code: 'OMERO_USAGE_NOT_READABLE',
      message: expect.stringMatching(/may not read time of event.*docs\/omero-grants\.sql/),
    });
    await expect(omero.checkUsageRights()).rejects.toMatchObject({ code: 'OMERO_USAGE_NOT_READABLE' });
    expect(await omero.check()).toMatchObject({ patch: 0 });
  } finally {
    await rows.query(grants);
  }
  await omero.checkUsageRights();
});

it('suffice for imports ordered by annotation; without the right to their links only these are refused', async () => {
  const dataset = await rows.own('dataset', { name: 'd' });
  const annotationId = await rows.annotation('IMPORT', {}, [['Directory', '/buffer/x']]);
  await rows.own('datasetannotationlink', { parent: dataset, child: annotationId });
  expect(await collect(omero.importMarks())).toMatchObject([{ annotationId, directory: '/buffer/x', answer: '' }]);
  expect(await omero.answerImportMarks([{ annotationId, text: 'queued' }])).toMatchObject([{ outcome: 'written' }]);
  expect(await collect(omero.importMarks())).toMatchObject([{ answer: 'queued' }]);
  await rows.query('REVOKE SELECT (owner_id) ON screenannotationlink FROM coldroom_scanner');
  try {
    const refusal = {
      kind: 'refused',
      code: 'OMERO_IMPORT_MARKS_NOT_READABLE',
      message: expect.stringMatching(/may not read screenannotationlink\.owner_id in .*docs\/omero-grants\.sql/),
    };
    await expect(collect(omero.importMarks())).rejects.toMatchObject(refusal);
    await expect(omero.checkImportMarkRights()).rejects.toMatchObject(refusal);
    expect(await omero.check()).toMatchObject({ patch: 0 });
  } finally {
    await rows.query(grants);
  }
  await omero.checkImportMarkRights();
});

it.each([
  "UPDATE originalfile SET name = 'x'",
  'DELETE FROM originalfile',
  'DELETE FROM image',
  "UPDATE image SET name = 'x'",
  'UPDATE image SET fileset = NULL',
  'UPDATE pixels SET path = NULL',
  'DELETE FROM pixels',
  'DELETE FROM fileset',
  'DELETE FROM filesetentry',
  "UPDATE annotation SET ns = 'x'",
  'UPDATE imageannotationlink SET parent = 1',
  'UPDATE annotation_mapvalue SET value = NULL',
  'DELETE FROM datasetannotationlink',
  "UPDATE dataset SET name = 'x'",
  'UPDATE event SET type = 0',
  'DELETE FROM eventlog',
  'SELECT * FROM eventlog',
  'SELECT uuid FROM session',
  'INSERT INTO session (id) VALUES (1)',
  'SELECT hash FROM password',
  'SELECT institution FROM experimenter',
  'UPDATE experimentergroup SET permissions = 0',
  'INSERT INTO groupexperimentermap (id) VALUES (1)',
  'UPDATE configuration SET value = NULL',
  'CREATE TABLE public.mine (id int)',
  'TRUNCATE image',
])('do not allow: %s', async (statement) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await client.end();
  }
});

const grantedByColumn = [...grants.matchAll(/^GRANT \w+ \([^)]*\)(?:, \w+)* ON ([\w, ]+) TO/gm)].flatMap(([, tables]) =>
  (tables ?? '').split(', '),
);

it.each([
  ...needs.flatMap(
    ({ table, select, insert, update, delete: remove }) =>
      [
        ...(select ? [['SELECT', table]] : []),
        ...(insert ? [['INSERT', table]] : []),
        ...(update ? [['UPDATE', table]] : []),
        ...(remove ? [['DELETE', table]] : []),
      ] as [string, string][],
  ),
  ...neededSequences.map((name): [string, string] => ['USAGE', `SEQUENCE ${name}`]),
  ['EXECUTE', 'FUNCTION ome_nextval(character varying, integer)'],
  ['EXECUTE', 'FUNCTION _prepare_session(bigint, bigint, bigint)'],
])('are reported one by one if missing: %s ON %s', async (privilege, object) => {
  await rows.query(`REVOKE ${privilege} ON ${object} FROM coldroom_scanner`);
  if (grantedByColumn.includes(object)) {
    await rows.query(`DO $$ DECLARE c text; BEGIN FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = '${object}'::regclass AND attnum > 0 LOOP
      EXECUTE format('REVOKE ${privilege} (%I) ON ${object} FROM coldroom_scanner', c); END LOOP; END $$`);
  }
  try {
    await expect(omero.check()).rejects.toMatchObject({
      kind: 'refused',
      code: 'OMERO_RIGHTS_MISSING',
      message: expect.stringMatching(/docs\/omero-grants\.sql/),
      details: {
        missing: [expect.stringMatching(new RegExp(`^${privilege}.* ON ${object.replace(/[()]/g, '\\$&')}$`))],
      },
    });
  } finally {
    await rows.query(grants);
  }
});

it('are reported if missing for temporary tables', async () => {
  const [database] = await rows.query<{ name: string }>('SELECT current_database() AS name');
  await rows.query(`REVOKE TEMPORARY ON DATABASE ${database?.name} FROM coldroom_scanner`);
  await expect(omero.check()).rejects.toMatchObject({
    code: 'OMERO_RIGHTS_MISSING',
    details: { missing: [`TEMPORARY ON DATABASE ${database?.name}`] },
  });
  await rows.query(grants);
});
