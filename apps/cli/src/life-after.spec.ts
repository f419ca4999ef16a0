import { linkSync, lstatSync, readFileSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { audit, Report } from '@coldroom/operations';
import type { TinyOmero } from '@coldroom/sample-omero';
import { AuditScene, type Placed } from './testing/audit-scene';

/** What people do with archived images in OMERO, and what an audit says of it. docs/after-archiving.md has the same table. */
let scene: AuditScene;
beforeAll(async () => {
  scene = await AuditScene.create('cli_life_after');
}, 120_000);
afterAll(() => scene.close());

async function audited(fix = false): Promise<readonly string[]> {
  const report = new Report(100);
  const { register, omero, stores, files, dataDir, hold } = scene;
  const options = { fix, store: undefined, progress: () => undefined };
  await audit({ register, omero, stores, files, dataDir, holds: [hold] }, options, report);
  expect(report.notLooked()).toEqual([]);
  return [...report.findings().values()]
    .flatMap(({ shown }) => shown.map(({ code, object, remedy }) => `${code} ${object}: ${remedy.split(';')[0]}`))
    .sort();
}

/** One fileset with two images and two files, archived and no longer held. */
async function archived(): Promise<{ readonly tiny: TinyOmero; readonly files: readonly Placed[] }> {
  const { requestId, tiny } = await scene.archive('main', [2]);
  await scene.release(requestId);
  return { tiny, files: await scene.placedFiles(requestId) };
}

test.each([
  ['renamed', `UPDATE image SET name = 'another name' WHERE id = $1`],
  ['described', `UPDATE image SET description = 'text', update_id = 0 WHERE id = $1`],
  ['given to another owner', 'UPDATE image SET owner_id = 0 WHERE id = $1'],
  ['moved to another group, with its marks', 'UPDATE image SET group_id = 0 WHERE id = $1'],
])('an image that is %s stays archived, and an audit finds nothing', async (_verb, statement) => {
  const { tiny } = await archived();
  await scene.sql(statement, [tiny.imageIds[0]]);
  expect(await audited()).toEqual([]);
});

test('an image that lost its marks on the way to another group gets them back', async () => {
  const { tiny } = await archived();
  const [image] = tiny.imageIds;
  await scene.sql('UPDATE image SET group_id = 0, archived = NULL WHERE id = $1', [image]);
  await scene.sql('DELETE FROM imageannotationlink WHERE parent = $1', [image]);
  const expected = [`FLAG_WRONG Image:${image}`, `TAG_LOST Image:${image}`].map(
    (one) => `${one}: coldroom audit --fix`,
  );
  expect(await audited(true)).toEqual(expected);
  expect(await audited()).toEqual([]);
  const [mark] = await scene.sql(
    `SELECT a.group_id AS group FROM annotation a JOIN imageannotationlink l ON l.child = a.id WHERE l.parent = $1 AND a.name = 'ARCHIVED'`,
    [image],
  );
  expect(String(mark?.['group'])).toBe('0');
});

test('a duplicate has our link under a second name: it opens, and an audit finds nothing', async () => {
  const { files } = await archived();
  const [file] = files as [Placed];
  const duplicate = `${file.original}.duplicate`;
  linkSync(file.original, duplicate); // the link itself, as link(2) does
  expect(lstatSync(duplicate).nlink).toBe(2);
  expect(readFileSync(duplicate)).toEqual(readFileSync(file.copy));
  expect(await audited()).toEqual([]);
  await unlink(duplicate);
  expect(await audited()).toEqual([]);
});

test('an image that was deleted is named with the command that says so, and is back after it is undeleted', async () => {
  const { tiny, files } = await archived();
  const [image] = tiny.imageIds;
  const fileset = tiny.filesets[0]!.id;
  const rows = await scene.sql('SELECT * FROM image WHERE fileset = $1', [fileset]);
  const links = await scene.sql(
    'SELECT l.* FROM imageannotationlink l JOIN image i ON i.id = l.parent WHERE i.fileset = $1',
    [fileset],
  );
  await scene.sql('DELETE FROM imageannotationlink WHERE parent IN (SELECT id FROM image WHERE fileset = $1)', [
    fileset,
  ]);
  await scene.sql('DELETE FROM image WHERE fileset = $1', [fileset]);
  expect(await audited(true)).toEqual([
    `IMAGE_DELETED Image:${image}: if it was deleted on purpose: coldroom audit --acknowledge Image:${image}`,
  ]);
  for (const file of files) expect(lstatSync(file.original).isSymbolicLink()).toBe(true);
  // As from a backup of OMERO's database.
  for (const [table, all] of [
    ['image', rows],
    ['imageannotationlink', links],
  ] as const)
    for (const row of all)
      await scene.sql(`INSERT INTO ${table} SELECT * FROM json_populate_record(NULL::${table}, $1)`, [
        JSON.stringify(row),
      ]);
  expect(await audited()).toEqual([]);
});

test('data that is imported again is a fileset of its own: the archived one stays as it is', async () => {
  const { tiny } = await archived();
  const again = await scene.request([2]);
  expect(again.tiny.filesets[0]!.paths).not.toEqual(tiny.filesets[0]!.paths);
  expect(await audited()).toEqual([]);
});

test('a user who was disabled changes nothing about archived images', async () => {
  const { tiny } = await archived();
  await scene.sql('DELETE FROM groupexperimentermap WHERE child = $1 AND parent = 1', [tiny.user.id]);
  expect(await audited()).toEqual([]);
});
