import { OmeroDatabase } from './omero-database';
import { managedUuid, OmeroRows } from './testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
beforeAll(async () => {
  rows = await OmeroRows.create('check');
  omero = OmeroDatabase.connect(rows.url);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});

/** Changes something for the duration of one test. */
async function withChange(change: string, revert: string, test: () => Promise<unknown>): Promise<void> {
  await rows.query(change);
  try {
    await test();
  } finally {
    await rows.query(revert);
  }
}

it('reports which OMERO this is', async () => {
  const [uuid] = await rows.query<{ value: string }>("SELECT value FROM configuration WHERE name = 'omero.db.uuid'");
  expect(await omero.check()).toEqual({
    version: 'OMERO5.4',
    patch: 0,
    databaseUuid: uuid?.value,
    managedRepository: { uuid: managedUuid, place: '/OMERO/ManagedRepository' },
  });
});

it.each([
  ['an older version', "'OMERO5.3', 1, now()", /version is OMERO5.3 patch 1/],
  ['a newer patch', "'OMERO5.4', 1, now()", /version is OMERO5.4 patch 1/],
  ['a newer version', "'OMERO6.0', 0, now()", /version is OMERO6.0 patch 0/],
  ['an upgrade under way', "'OMERO5.4', 0, NULL", /not finished/],
])('refuses %s', async (_what, values, message) => {
  await withChange(
    `INSERT INTO dbpatch (id, currentversion, currentpatch, finished, previousversion, previouspatch) SELECT 900, v.*, 'before', 0 FROM (VALUES (${values}::timestamp)) AS v`,
    'DELETE FROM dbpatch WHERE id = 900',
    () =>
      expect(omero.check()).rejects.toMatchObject({
        kind: 'refused',
        code: 'OMERO_SCHEMA_UNKNOWN',
        message: expect.stringMatching(message),
      }),
  );
});

it('names missing tables, columns and functions', async () => {
  await withChange(
    'ALTER TABLE fileset RENAME TO f; ALTER TABLE filesetentry RENAME TO fe; ALTER TABLE image RENAME archived TO a; ALTER FUNCTION _prepare_session RENAME TO p',
    'ALTER TABLE f RENAME TO fileset; ALTER TABLE fe RENAME TO filesetentry; ALTER TABLE image RENAME a TO archived; ALTER FUNCTION p RENAME TO _prepare_session',
    () =>
      expect(omero.check()).rejects.toMatchObject({
        code: 'OMERO_SCHEMA_UNKNOWN',
        details: {
          missing: [
            'filesetentry.fileset',
            'filesetentry.originalfile',
            'image.archived',
            '_prepare_session(bigint, bigint, bigint)',
          ],
        },
      }),
  );
});

it("refuses a database that is not OMERO's", async () => {
  const other = OmeroDatabase.connect(process.env['TEST_POSTGRES_URL'] as string);
  await expect(other.check()).rejects.toMatchObject({
    code: 'OMERO_SCHEMA_UNKNOWN',
    message: expect.stringContaining("Does OMERO_DATABASE_URL name OMERO's database?"),
  });
  await other.close();
});

it('is not misled by tables of the same name in a schema of ours', async () => {
  const role = new URL(rows.url).username;
  await withChange(
    `CREATE SCHEMA "${role}"; CREATE TABLE "${role}".dbpatch (id int); CREATE TABLE "${role}".event (id int)`,
    `DROP SCHEMA "${role}" CASCADE`,
    () => expect(omero.check()).resolves.toMatchObject({ patch: 0 }),
  );
});

it('reports an unavailable server as transient, a wrong database as refused', async () => {
  const unreachable = OmeroDatabase.connect('postgres://127.0.0.1:1/omero');
  await expect(unreachable.check()).rejects.toMatchObject({ kind: 'transient', code: 'OMERO_DATABASE_UNAVAILABLE' });
  await unreachable.close();
  const url = new URL(rows.url);
  url.pathname = '/nowhere';
  const nowhere = OmeroDatabase.connect(url.href);
  await expect(nowhere.check()).rejects.toMatchObject({ kind: 'refused', code: 'OMERO_LOGIN_REFUSED' });
  await nowhere.close();
});

it('reports a connection that breaks in the middle, and recovers', async () => {
  const image = await rows.image();
  await expect(
    omero.withClosure([image], async ({ images }) => {
      await rows.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'coldroom'",
      );
      // Not queried at once: the connection breaks while no query waits for an answer.
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
      for await (const _image of images);
    }),
  ).rejects.toMatchObject({ kind: 'transient', code: 'OMERO_DATABASE_UNAVAILABLE' });
  expect(await omero.check()).toMatchObject({ patch: 0 });
});

describe('the managed repository', () => {
  const second = '11111111-2222-4333-8444-555555555555';
  afterEach(async () => {
    await rows.query("DELETE FROM originalfile WHERE NOT (mimetype IS NOT DISTINCT FROM 'Repository' AND hash = $1)", [
      managedUuid,
    ]);
    await rows.query('DELETE FROM filesetentry');
  });
  const useOf = async (repo: string): Promise<void> =>
    rows.entry(await rows.fileset(), await rows.file('p/', `in ${repo}`, { repo }));

  it('is found among the scripts repository and the data directory', async () => {
    await rows.repository('/opt/omero/lib/', 'scripts', 'ScriptRepo');
    await rows.repository('/', 'OMERO', second);
    await useOf(second);
    expect((await omero.check()).managedRepository.uuid).toBe(managedUuid);
  });
  it('is, of several, the one that filesets use', async () => {
    await rows.repository('/old/', 'ManagedRepository', second);
    await useOf(second);
    expect((await omero.check()).managedRepository).toEqual({ uuid: second, place: '/old/ManagedRepository' });
  });
  it('is refused if several are used, unless it is named', async () => {
    await rows.repository('/old/', 'ManagedRepository', second);
    await useOf(second);
    await useOf(managedUuid);
    await expect(omero.check()).rejects.toMatchObject({
      kind: 'refused',
      code: 'OMERO_REPOSITORY_AMBIGUOUS',
      message: expect.stringContaining(`/old/ManagedRepository (${second})`),
    });
    for (const managedRepository of [second, '/old/ManagedRepository/']) {
      const named = OmeroDatabase.connect(rows.url, { managedRepository });
      expect((await named.check()).managedRepository.uuid).toBe(second);
      await named.close();
    }
  });
  it('is refused if there is none, or not the one named', async () => {
    const named = OmeroDatabase.connect(rows.url, { managedRepository: '/elsewhere' });
    await expect(named.check()).rejects.toMatchObject({
      code: 'OMERO_REPOSITORY_UNKNOWN',
      message: expect.stringContaining('/elsewhere'),
    });
    await named.close();
    await withChange(
      "UPDATE originalfile SET mimetype = 'x' WHERE mimetype = 'Repository'",
      "UPDATE originalfile SET mimetype = 'Repository' WHERE mimetype = 'x'",
      () => expect(omero.check()).rejects.toMatchObject({ code: 'OMERO_REPOSITORY_UNKNOWN' }),
    );
  });
});
