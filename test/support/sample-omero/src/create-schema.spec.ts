import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createDatabase } from '@coldroom/local';
import { createOmeroSchema } from './index';

let client: Client;

beforeAll(async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '', `schema_${randomUUID()}`);
  await createOmeroSchema(url);
  await expect(createOmeroSchema(url)).rejects.toThrow('tables already');
  client = new Client({ connectionString: url });
  await client.connect();
});
afterAll(() => client.end());
beforeEach(() => client.query('BEGIN'));
afterEach(() => client.query('ROLLBACK'));

async function value(sql: string, values: readonly unknown[] = []): Promise<unknown> {
  return Object.values((await client.query<Record<string, unknown>>(sql, [...values])).rows[0] ?? {})[0];
}

const DETAILS = 'permissions, version, creation_id, update_id, owner_id, group_id';
const OF_ROOT = '-40, 0, 0, 0, 0, 0';

async function newRow(table: string, columns: string, ...values: readonly unknown[]): Promise<number> {
  const sequence = `seq_${table}`;
  return Number(
    await value(
      `INSERT INTO ${table} (id, ${DETAILS}, ${columns})
    VALUES (ome_nextval('${sequence}'), ${OF_ROOT}, ${values.map((_, index) => `$${index + 1}`).join(', ')}) RETURNING id`,
      values,
    ),
  );
}

async function newFile(path: string, name: string, mimetype = 'Text'): Promise<number> {
  const node = await value('SELECT uuid FROM node WHERE down IS NULL');
  return newRow('originalfile', 'path, name, repo, mimetype', path, `${node}${name}`, 'repository', mimetype);
}

const refused = async (sql: string, values: readonly unknown[], message: string): Promise<void> => {
  await client.query('SAVEPOINT before');
  await expect(client.query(sql, [...values])).rejects.toThrow(message);
  await client.query('ROLLBACK TO before');
};

test('permissions read as OMERO reads them', async () => {
  const read = await value('SELECT array_agg(ome_perms(p) ORDER BY p) FROM unnest($1::bigint[]) p', [
    [-120, -56, -40, -8, -52, -35, -820],
  ]);
  expect(read).toEqual(['r-r-r-', 'rw----', 'rwr---', 'rwr-r-', 'rwra--', 'rwrara', 'rwrw--']);
});

test('ids are issued singly and in blocks, of which the last one is returned', async () => {
  const first = Number(await value(`SELECT ome_nextval('seq_image')`));
  expect(Number(await value(`SELECT ome_nextval('seq_image', 50)`))).toBe(first + 50);
});

test('a link queues its image, under the prepared event or else a new one for every row', async () => {
  const images = [await newRow('image', 'name, series', 'a', 0), await newRow('image', 'name, series', 'b', 0)];
  const annotation = await newRow('annotation', 'discriminator, ns', '/map/', 'archiving');
  for (const image of images) await newRow('imageannotationlink', 'parent, child', image, annotation);
  expect(await value(`SELECT count(*)::int FROM event WHERE status = 'TRIGGERED'`)).toBe(2);
  expect(
    await value(`SELECT array_agg(entity_type || ':' || entity_id ORDER BY entity_id) FROM _reindexing_required`),
  ).toEqual(images.map((id) => `ome.model.core.Image:${id}`));

  await client.query('SELECT updated_entities_note_reindex()');
  expect(await value(`SELECT count(*)::int FROM eventlog WHERE action = 'REINDEX'`)).toBe(2);
  await client.query('SELECT _prepare_session(0, 0, 0)');
  await client.query('DELETE FROM imageannotationlink');
  expect(await value(`SELECT count(*)::int FROM event WHERE status = 'TRIGGERED'`)).toBe(2);
  expect(await value('SELECT count(*)::int FROM _reindexing_required WHERE event_id = 0')).toBe(2);
});

test("an annotation's map values go with it, only when unlinked; its namespace is noted once", async () => {
  const image = await newRow('image', 'name, series', 'a', null);
  expect(await value('SELECT series FROM image WHERE id = $1', [image])).toBe(0);
  const annotation = await newRow('annotation', 'discriminator, ns', '/map/', 'archiving');
  await newRow('annotation', 'discriminator, ns', '/map/', 'archiving');
  expect(await value(`SELECT count(*)::int FROM namespace WHERE name = 'archiving'`)).toBe(1);
  await client.query(`INSERT INTO annotation_mapvalue VALUES ($1, 'Expiry', '10', 0)`, [annotation]);
  await refused(
    `INSERT INTO annotation_mapvalue VALUES ($1, 'Description', $2, 1)`,
    [annotation, randomBytes(3_000).toString('base64')],
    'exceeds',
  );
  await newRow('imageannotationlink', 'parent, child', image, annotation);
  await refused(
    `INSERT INTO imageannotationlink (id, ${DETAILS}, parent, child) VALUES (-1, ${OF_ROOT}, $1, $2)`,
    [image, annotation],
    'imageannotationlink_parent_child_owner_id_key',
  );
  await refused('DELETE FROM annotation WHERE id = $1', [annotation], 'fkimageannotationlink_child_annotation');
  await client.query('DELETE FROM imageannotationlink');
  await client.query('DELETE FROM annotation WHERE id = $1', [annotation]);
  expect(await value('SELECT count(*)::int FROM annotation_mapvalue')).toBe(0);
});

test('only a running node puts files into a repository, and deleting them is logged', async () => {
  await refused(
    `INSERT INTO originalfile (id, ${DETAILS}, path, name, repo) VALUES (-1, ${OF_ROOT}, '/', 'a', 'repository')`,
    [],
    'running node',
  );
  await refused(
    `INSERT INTO originalfile (id, ${DETAILS}, path, name, repo) VALUES (-1, ${OF_ROOT}, '/', '1000000000a', 'repository')`,
    [],
    'running node',
  );
  const directory = await newFile('/', 'alice_2', 'Directory');
  const file = await newFile('alice_2/', 'a.tif');
  expect(await value('SELECT name FROM originalfile WHERE id = $1', [file])).toBe('a.tif');
  await expect(newFile('alice_2/', 'A.tif')).resolves.toBeGreaterThan(file);
  await refused(`UPDATE originalfile SET repo = 'another' WHERE id = $1`, [file], 'running node');
  await refused(
    `UPDATE originalfile SET path = 'alice_2//', name = 'A.tif' WHERE id = $1`,
    [file],
    'originalfile_repo_path_index',
  );
  await refused(`UPDATE originalfile SET mimetype = 'Text' WHERE id = $1`, [directory], 'may not be changed');
  await refused('DELETE FROM originalfile WHERE id = $1', [directory], 'not empty');
  await client.query('UPDATE originalfile SET size = 3 WHERE id = $1', [file]);
  await client.query(`DELETE FROM originalfile WHERE path = 'alice_2/'`);
  await client.query('DELETE FROM originalfile WHERE id = $1', [directory]);
  expect(await value(`SELECT array_agg(path || name ORDER BY file_id) FROM _fs_deletelog`)).toEqual([
    '/alice_2',
    'alice_2/a.tif',
    'alice_2/A.tif',
  ]);
});

test('a row that takes an index moves the other one', async () => {
  const fileset = await newRow('fileset', 'templateprefix', 'alice_2/');
  const file = await newRow('originalfile', 'path, name', '/home/', 'a.tif');
  const first = await newRow('filesetentry', 'clientpath, fileset, fileset_index, originalfile', 'a', fileset, 0, file);
  await newRow('filesetentry', 'clientpath, fileset, fileset_index, originalfile', 'b', fileset, 0, file);
  expect(await value('SELECT fileset_index FROM filesetentry WHERE id = $1', [first])).toBe(-1);
});
