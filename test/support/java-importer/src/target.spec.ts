import { createUser } from '@coldroom/sample-omero';
import { Scene } from './testing/scene';

let scene: Scene;
let bob: number;
beforeAll(async () => {
  scene = await Scene.make();
  const { groupId, permissions } = scene.alice;
  const group = { id: groupId, name: 'microscopy', permissions };
  bob = (await createUser(scene, { omename: 'bob', firstname: 'B', lastname: 'B', group })).id;
});
afterAll(() => scene.stop());
beforeEach(() => scene.fresh());

async function dataset(name: string, owner: number, group: number): Promise<number> {
  return Number(
    await scene.value(
      `INSERT INTO dataset (id, permissions, version, creation_id, update_id, owner_id, group_id, name)
       VALUES (ome_nextval('seq_dataset'), -40, 0, 0, 0, $1, $2, $3) RETURNING id`,
      owner,
      group,
      name,
    ),
  );
}

const imported = (target: string): ReturnType<Scene['import']> => scene.import(['-T', target, scene.file('a.tif')]);

/** The dataset of the image that was imported. */
async function into(target: string): Promise<number> {
  const image = /\d+/.exec(imported(target).stdout)?.[0];
  return Number(await scene.value('SELECT parent FROM datasetimagelink WHERE child = $1', image));
}

test('names choose the newest, the oldest, the only or a new one of the group', async () => {
  const { id, groupId } = scene.alice;
  const first = await dataset('Two', id, groupId);
  const last = await dataset('Two', id, groupId);
  await dataset('Two', id, 0);
  expect(await into('Dataset:name:Two')).toBe(last);
  expect(await into('Dataset:+name:Two')).toBe(last);
  expect(await into('Dataset:-name:Two')).toBe(first);
  expect(await into(`Dataset:${first}`)).toBe(first);
  expect(await into(`Dataset:id:${first}`)).toBe(first);
  expect(await into('Dataset:@name:Two')).toBeGreaterThan(last);
  expect(imported('Dataset:%name:Two')).toMatchObject({ code: 2, stderr: expect.stringContaining('No unique') });
});

test('a dataset of another group is not found', async () => {
  const target = `Dataset:${await dataset('Elsewhere', scene.alice.id, 0)}`;
  expect(imported(target)).toMatchObject({ code: 2, stderr: expect.stringContaining('is not in group') });
  expect(await scene.made()).toEqual({ filesets: 0, images: 0 });
});

test.each([
  ['read-annotate', -40, 2],
  ['read-write', -8, 0],
])('in a %s group, a dataset of another user takes images as OMERO has it', async (_kind, permissions, code) => {
  const target = `Dataset:${await dataset("Bob's", bob, scene.alice.groupId)}`;
  await scene.client.query('UPDATE experimentergroup SET permissions = $2 WHERE id = $1', [
    scene.alice.groupId,
    permissions,
  ]);
  expect(imported(target).code).toBe(code);
  await scene.client.query('UPDATE experimentergroup SET permissions = -40 WHERE id = $1', [scene.alice.groupId]);
});

test.each(['Project:name:P', 'regex:x', 'Dataset:nome:x', 'none'])('the target %s is refused', (target) => {
  expect(imported(target).code).toBe(2);
});

test('a session that has expired or was closed is refused', async () => {
  await scene.client.query(`UPDATE session SET timetolive = 1000, started = started - interval '2 s' WHERE uuid = $1`, [
    scene.key,
  ]);
  expect(imported('Dataset:name:X').code).toBe(2);
  await scene.fresh();
  await scene.client.query('UPDATE session SET closed = started WHERE uuid = $1', [scene.key]);
  expect(imported('Dataset:name:X')).toMatchObject({ code: 2, stderr: expect.stringContaining('PermissionDenied') });
});
