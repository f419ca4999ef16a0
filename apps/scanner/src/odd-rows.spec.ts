import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Scene } from './testing/scene';

/** Rows with unusual links to each other; rows whose own values are unusual are in the test of odd files. */
let scene: Scene;
let scenes = 0;
// A database for each test: dropping the previous one may hit a connection that is just being closed.
beforeEach(async () => {
  scene = await Scene.create(`odd_rows_${(scenes += 1)}`);
});
afterEach(() => scene.close());

const originalOf = async (filesetId: number, index = 0): Promise<bigint> => {
  const [entry] = await scene.sql<{ originalfile: bigint }>(
    'SELECT originalfile FROM filesetentry WHERE fileset = $1 AND fileset_index = $2',
    [filesetId, index],
  );
  return entry!.originalfile;
};
const enter = (filesetId: number, originalfile: bigint, index: number): Promise<bigint> =>
  scene.row('filesetentry', {
    fileset: filesetId,
    originalfile,
    fileset_index: index,
    clientpath: 'home/alice/twice.tif',
  });
/**
 * A second row with the same content as this one. OMERO has an index against it, but a database restored from a dump
 * may lack that index.
 */
async function twinOf(original: bigint): Promise<bigint> {
  await scene.sql('DROP INDEX IF EXISTS originalfile_repo_path_index');
  const [file] = await scene.sql<{ path: string; name: string; repo: string; size: bigint }>(
    'SELECT path, name, repo, size FROM originalfile WHERE id = $1',
    [original],
  );
  return scene.row('originalfile', { ...file });
}

test('a fileset without entries is left out by its name, and blocks no other', async () => {
  const {
    filesets: [empty, full],
  } = await scene.add([{ files: [{ name: 'a.tif', size: 3 }] }, { files: [{ name: 'b.tif', size: 3 }] }]);
  await scene.sql('DELETE FROM filesetentry WHERE fileset = $1', [empty!.id]);
  const report = await scene.scan.run('test');
  expect(report.leftOut).toEqual([
    {
      component: `Fileset:${empty!.id}`,
      code: 'NO_FILES',
      reason: 'OMERO names no file of it, and nothing of it is on disk',
    },
  ]);
  const id = BigInt(report.requests[0]!.id);
  expect(await scene.register.reports.images(id)).toMatchObject([
    { imageId: BigInt(full!.imageIds[0]!), marked: true },
  ]);
  expect(await scene.register.reports.files({})).toMatchObject([
    { fileset: `Fileset:${full!.id}`, state: 'registered' },
  ]);
  expect(await scene.marksOf(empty!.imageIds[0]!)).toContain('TO-ARCHIVE'); // the next scan looks at it again
});

test('an image without any file creates no request', async () => {
  const {
    imageIds: [imageId],
  } = await scene.add([{ files: [{ name: 'a.tif', size: 3 }] }]);
  await scene.sql('UPDATE image SET fileset = NULL WHERE id = $1', [imageId]);
  const [pixels] = await scene.sql<{ id: bigint }>('SELECT id FROM pixels WHERE image = $1', [imageId]);
  expect(await scene.scan.run('test')).toMatchObject({
    marks: 1,
    requests: [],
    leftOut: [{ component: `Legacy:${pixels!.id}`, code: 'NO_FILES' }],
  });
  await scene.sql('DELETE FROM pixels WHERE image = $1', [imageId]);
  expect(await scene.scan.run('test')).toMatchObject({
    marks: 1,
    requests: [],
    leftOut: [{ component: `Image:${imageId}`, code: 'NO_FILES' }],
  });
  expect(await scene.register.requests.list()).toEqual([]);
});

test('two rows for one path in a fileset: neither is accepted, nor are files beside them', async () => {
  const {
    filesets: [fileset],
  } = await scene.add([
    {
      files: [
        { name: 'twice.tif', size: 3 },
        { name: 'beside.tif', size: 4 },
      ],
    },
  ]);
  const original = await originalOf(fileset!.id);
  const twin = await twinOf(original);
  await enter(fileset!.id, twin, 2);
  await scene.scan.run('test');
  const files = await scene.register.reports.files({});
  expect(files.map((file) => [file.originalFileId, file.state, file.code])).toEqual([
    [original, 'skipped', 'FILESET_INCOMPLETE'],
    [await originalOf(fileset!.id, 1), 'skipped', 'FILESET_INCOMPLETE'],
    [twin, 'skipped', 'PATH_TWICE'],
  ]);
  expect(files[2]).toMatchObject({
    path: expect.stringMatching(/\/twice\.tif$/),
    reason: 'OMERO names this path more than once',
  });
  expect(files[1]!.reason).toBe(`another file of this fileset cannot be taken: ${files[0]!.path} (PATH_TWICE)`);
});

test('two rows for one path in two filesets: it is accepted once', async () => {
  const {
    filesets: [one, two],
  } = await scene.add([{ files: [{ name: 'twice.tif', size: 3 }] }, { files: [{ name: 'own.tif', size: 4 }] }]);
  await enter(two!.id, await twinOf(await originalOf(one!.id)), 1);
  await scene.scan.run('test');
  const states = (await scene.register.reports.files({})).map((file) => [
    file.fileset,
    file.path.slice(file.path.lastIndexOf('/') + 1),
    file.state,
    file.code,
  ]);
  expect(states).toEqual([
    [`Fileset:${one!.id}`, 'twice.tif', 'registered', null],
    [`Fileset:${two!.id}`, 'own.tif', 'skipped', 'FILESET_INCOMPLETE'],
    [`Fileset:${two!.id}`, 'twice.tif', 'skipped', 'PATH_TWICE'],
  ]);
});

test('filesets that share a file are one: the mark of one image includes them both', async () => {
  const {
    filesets: [marked, other],
  } = await scene.add([{ files: [{ name: 'shared.tif', size: 3 }] }, { files: [{ name: 'own.tif', size: 4 }] }], {
    mark: false,
  });
  await enter(other!.id, await originalOf(marked!.id), 1);
  const { user } = await scene.add([]);
  await scene.mark(marked!.imageIds, user.id);
  const {
    requests: [request],
  } = await scene.scan.run('test');
  const images = await scene.register.reports.images(BigInt(request!.id));
  expect(images.map(({ imageId, marked: byPeople }) => [Number(imageId), byPeople])).toEqual([
    [marked!.imageIds[0], true],
    [other!.imageIds[0], false],
  ]);
  const files = await scene.register.reports.files({});
  expect(files.map((file) => [file.path.replace(/.*\//, ''), file.state]).sort()).toEqual([
    ['own.tif', 'registered'],
    ['shared.tif', 'registered'],
  ]);
  expect(new Set([...images, ...files].map(({ fileset }) => fileset)).size).toBe(1);
});

test("of names in a directory only OMERO's are accepted, even if just the Unicode form differs", async () => {
  const [composed, decomposed] = ['\u00e9.tif', 'e\u0301.tif'];
  const {
    filesets: [fileset],
  } = await scene.add([{ files: [{ name: composed, size: 3 }] }]);
  await writeFile(join(dirname(fileset!.paths[0]!), decomposed), 'not in OMERO');
  await scene.scan.run('test');
  expect(await scene.register.reports.files({})).toMatchObject([
    { state: 'registered', size: 3n, path: expect.stringMatching(/\/\u00e9\.tif$/) },
  ]);
});
