import { containerKinds } from '@coldroom/domain';
import { OmeroDatabase } from './omero-database';
import { OmeroRows } from './testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
beforeAll(async () => {
  rows = await OmeroRows.create('containers');
  omero = OmeroDatabase.connect(rows.url);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});

const images = (count: number): Promise<bigint[]> => Promise.all(Array.from({ length: count }, () => rows.image()));
const named = (table: string, name: string): Promise<bigint> => rows.own(table, { name });
const link = (table: string, parent: bigint, child: bigint): Promise<bigint> => rows.own(table, { parent, child });

async function well(plate: bigint, column: number, samples: readonly bigint[]): Promise<void> {
  const id = await rows.own('well', { plate, column, row: 0 });
  for (const [index, image] of samples.entries()) await rows.own('wellsample', { well: id, image, well_index: index });
}

it('a dataset has its images, and a project those of its datasets, each once', async () => {
  const [a, b, c] = (await images(3)) as [bigint, bigint, bigint];
  const [one, two] = [await named('dataset', 'raw'), await named('dataset', 'selected')];
  const project = await named('project', 'Mitosis');
  for (const [dataset, image] of [
    [one, a],
    [one, b],
    [two, b],
    [two, c],
  ] as const)
    await link('datasetimagelink', dataset, image);
  for (const dataset of [one, two]) await link('projectdatasetlink', project, dataset);
  expect(await omero.container({ kind: 'Dataset', id: one })).toEqual({ name: 'raw', imageIds: [a, b] });
  expect(await omero.container({ kind: 'Project', id: project })).toEqual({ name: 'Mitosis', imageIds: [a, b, c] });
});

it('a plate has the images of its wells, and a screen those of its plates', async () => {
  const [a, b, c] = (await images(3)) as [bigint, bigint, bigint];
  const [one, two] = [await named('plate', 'Plate 1'), await named('plate', 'Plate 2')];
  const screen = await named('screen', 'Compounds');
  await well(one, 0, [a, b]);
  await well(two, 0, [c]);
  for (const plate of [one, two]) await link('screenplatelink', screen, plate);
  expect(await omero.container({ kind: 'Plate', id: one })).toEqual({ name: 'Plate 1', imageIds: [a, b] });
  expect(await omero.container({ kind: 'Screen', id: screen })).toEqual({ name: 'Compounds', imageIds: [a, b, c] });
});

it.each(containerKinds)('an unknown %s is undefined, an empty one has no images', async (kind) => {
  expect(await omero.container({ kind, id: 987_654n })).toBeUndefined();
  const id = await named(kind.toLowerCase(), 'empty');
  expect(await omero.container({ kind, id })).toEqual({ name: 'empty', imageIds: [] });
});

it('more than 100,000 images are refused, and the message says what to name instead', async () => {
  const id = await named('dataset', 'huge');
  await rows.query(
    `INSERT INTO datasetimagelink (id, permissions, version, creation_id, update_id, owner_id, group_id, parent, child)
     SELECT 1000000 + n, -120, 0, 0, 0, 0, 0, $1, n FROM generate_series(1, 100000) AS n`,
    [id],
  );
  expect((await omero.container({ kind: 'Dataset', id }))?.imageIds).toHaveLength(100_000);
  await link('datasetimagelink', id, 100_001n);
  await expect(omero.container({ kind: 'Dataset', id })).rejects.toMatchObject({
    kind: 'refused',
    code: 'CONTAINER_TOO_LARGE',
    message: `Dataset:${id} has more than 100000 images: name the datasets or plates in it instead`,
  });
});
