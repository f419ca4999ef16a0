import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageQuestion } from '@coldroom/register';
import { legacyPath } from '@coldroom/sample-omero';
import { SampleScene } from './testing/sample-scene';

let scene: SampleScene;
beforeAll(async () => {
  scene = await SampleScene.create('details');
  await scene.usage.run();
  await scene.details.round();
}, 60_000);
afterAll(() => scene.close());

const sum = <Row>(rows: readonly Row[], of: (row: Row) => bigint): bigint =>
  rows.reduce((all, row) => all + of(row), 0n);
const there = (path: string): boolean => existsSync(join(scene.sample.dataDir, path));

const ofFilesets = `FROM originalfile o WHERE o.id IN (SELECT e.originalfile FROM filesetentry e WHERE e.fileset IN (SELECT fileset FROM image))`;

test('filesets by format are those of OMERO to the byte, in SQL and on disk', async () => {
  const formats = await scene.register.usage.details.formats();
  expect(scene.log.lines).toEqual([]);
  expect(sum(formats, (row) => row.bytes)).toBe(await scene.number(`SELECT sum(size) ${ofFilesets}`));
  expect(sum(formats, (row) => row.files)).toBe(await scene.number(`SELECT count(*) ${ofFilesets}`));
  expect(sum(formats, (row) => row.filesets)).toBe(await scene.number('SELECT count(DISTINCT fileset) FROM image'));
  expect(sum(formats, (row) => row.images)).toBe(
    await scene.number('SELECT count(*) FROM image WHERE fileset IS NOT NULL'),
  );
  const paths = await scene.texts(`SELECT 'ManagedRepository/' || o.path || o.name ${ofFilesets}`);
  const missing = await scene.number(`SELECT size FROM originalfile WHERE name = 'gone.tif'`);
  expect(paths.filter((path) => !there(path))).toHaveLength(1);
  expect(scene.du(paths.filter(there)) + missing).toBe(sum(formats, (row) => row.bytes));
  const amounts = await scene.register.usage.omero.amounts();
  expect(sum(amounts, (row) => row.bytes)).toBe(sum(formats, (row) => row.bytes));
});

test('a dataset has the filesets of its images, each once', async () => {
  const datasets: { datasetId: bigint; images: bigint; filesets: bigint; bytes: bigint }[] = [];
  for await (const row of scene.register.usage.details.datasets()) datasets.push(row);
  const linked = 'FROM datasetimagelink l JOIN image i ON i.id = l.child WHERE i.fileset IS NOT NULL AND l.parent = $1';
  for (const [id, of] of Map.groupBy(datasets, (row) => row.datasetId)) {
    expect(sum(of, (row) => row.images)).toBe(await scene.number(`SELECT count(DISTINCT i.id) ${linked}`, [id]));
    const files = `SELECT sum(size) FROM originalfile WHERE id IN (SELECT originalfile FROM filesetentry WHERE fileset IN (SELECT i.fileset ${linked}))`;
    expect(sum(of, (row) => row.bytes)).toBe(await scene.number(files, [id]));
  }
  expect(datasets.length).toBeGreaterThan(3);
});

test('OMERO 4 data is what du finds, an original that images share once', async () => {
  const legacy = await scene.register.usage.details.legacy();
  const pixels = await scene.texts('SELECT p.id FROM pixels p JOIN image i ON i.id = p.image WHERE i.fileset IS NULL');
  const files = pixels.map((id) => legacyPath('Pixels', Number(id))).filter(there);
  const pyramids = pixels.map((id) => `${legacyPath('Pixels', Number(id))}_pyramid`).filter(there);
  const originals = await scene.texts(
    'SELECT DISTINCT m.parent FROM pixelsoriginalfilemap m JOIN pixels p ON p.id = m.child JOIN image i ON i.id = p.image WHERE i.fileset IS NULL',
  );
  expect(pyramids).toHaveLength(2);
  expect(files.length).toBeLessThan(pixels.length);
  expect(sum(legacy, (row) => row.pixelsBytes)).toBe(scene.du(files));
  expect(sum(legacy, (row) => row.pixels)).toBe(BigInt(files.length));
  expect(sum(legacy, (row) => row.pyramidBytes)).toBe(scene.du(pyramids));
  expect(sum(legacy, (row) => row.originalBytes)).toBe(
    scene.du(originals.map((id) => legacyPath('Files', Number(id)))),
  );
  expect(sum(legacy, (row) => row.images)).toBe(await scene.number('SELECT count(*) FROM image WHERE fileset IS NULL'));
});

test('the largest filesets are those that are not archived', async () => {
  const before = await scene.register.usage.details.largest();
  const [first] = before;
  await scene.change('UPDATE image SET archived = true WHERE fileset = $1', [first?.filesetId]);
  await due();
  await scene.details.round();
  const after = await scene.register.usage.details.largest();
  expect(after.map(({ filesetId }) => filesetId)).toEqual(before.slice(1).map(({ filesetId }) => filesetId));
});

/** As if the time to wait were over. */
async function due(): Promise<void> {
  for (const part of ['filesets', 'images'] as const) await scene.register.usage.details.failed(part, 'not yet', 0);
}

test('a tree that is not mounted is no empty one: what was known stays, with the reason', async () => {
  const { details } = scene.register.usage;
  const before = await details.legacy();
  await due();
  const pixels = join(scene.sample.dataDir, 'Pixels');
  await rename(pixels, `${pixels}.away`);
  try {
    await scene.details.round();
  } finally {
    await rename(`${pixels}.away`, pixels);
  }
  expect((await details.lastRead('filesets')).failed).toMatch(/^ROOT_UNAVAILABLE: /);
  expect(await details.legacy()).toEqual(before);
  await due();
  await scene.details.round();
  expect((await details.lastRead('filesets')).failed).toBeNull();
});

test('archived images that OMERO no longer has are listed, and those that it has are not', async () => {
  const [there] = scene.sample.special['no-dataset'].imageIds;
  await scene.archivedImages([BigInt(there as number), 900_000_001n, 900_000_002n]);
  await due();
  await scene.details.round();
  const found: bigint[] = [];
  for await (const { imageId } of scene.register.usage.missingImages()) found.push(imageId);
  expect(found).toEqual([900_000_001n, 900_000_002n]);
});

interface Answer {
  readonly image: { readonly parents: readonly string[]; readonly pixels: readonly object[] };
  readonly files: readonly { readonly root: string; readonly path: string }[];
  readonly totals: object;
}

async function answerTo(question: ImageQuestion): Promise<Answer | null> {
  await scene.register.imageQuestions.ask([question], 0);
  await scene.answers.round();
  const [answer] = await scene.register.imageQuestions.answers([question]);
  expect(answer).toMatchObject({ code: null });
  return answer?.answer as Answer | null;
}

test('an image of OMERO 4 is answered with all files of its chain, as large as du says', async () => {
  const { imageIds, files } = scene.sample.special['legacy-chain'];
  const answer = await answerTo({ kind: 'Image', id: BigInt(imageIds[0] as number) });
  expect(answer?.totals).toEqual({ files: files.length, bytes: `${scene.du(files)}`, missing: 0 });
  expect(answer?.files.map((each) => `${each.root}/${each.path}`).sort()).toEqual([...files].sort());
  expect(answer?.image).toMatchObject({
    parents: [expect.stringMatching(/^Project:/), expect.stringMatching(/^Dataset:\d+ Special cases$/)],
  });
  expect(answer?.image.pixels).toMatchObject([{ sizeX: 200, sizeY: 150, type: 'uint8' }]);
});

test('a fileset is answered with what is missing; one that OMERO does not have is none', async () => {
  const [fileset] = scene.sample.special['missing-file'].filesets;
  const answer = await answerTo({ kind: 'Fileset', id: BigInt(fileset as number) });
  expect(answer).toMatchObject({ component: `Fileset:${fileset}`, totals: { files: 1, missing: 1 } });
  expect(await answerTo({ kind: 'Fileset', id: 987_654_321n })).toBeNull();
  expect(await answerTo({ kind: 'Image', id: 987_654_321n })).toBeNull();
});
