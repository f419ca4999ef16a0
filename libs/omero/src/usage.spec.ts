import { OmeroDatabase } from './omero-database';
import { OmeroRows } from './testing/omero-rows';

const GiB = 1n << 30n;
const limitMs = 60_000;

let rows: OmeroRows;
let omero: OmeroDatabase;
let lab: bigint;
let alice: bigint;
beforeAll(async () => {
  rows = await OmeroRows.create('usage');
  omero = OmeroDatabase.connect(rows.url);
  lab = await rows.group('lab');
  alice = await rows.person('alice', [lab]);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});

async function importEvent(time: string): Promise<bigint> {
  return rows.insert('event', { time, experimenter: alice, experimentergroup: lab, session: 0, type: 0 });
}

/** A fileset with files of these sizes, and this many images. */
async function imported(
  time: string,
  sizes: readonly (bigint | null)[],
  images: number,
  change: Readonly<Record<string, unknown>> = {},
): Promise<readonly bigint[]> {
  const [fileset, creation_id] = [await rows.fileset(), await importEvent(time)];
  for (const [at, size] of sizes.entries())
    await rows.entry(fileset, await rows.file(`x/${fileset}/`, `${at}`, { size }));
  const ids: bigint[] = [];
  for (let nr = 0; nr < images; nr += 1)
    ids.push(await rows.image({ owner_id: alice, group_id: lab, fileset, creation_id, ...change }));
  return ids;
}

test('filesets are added up by owner, group, year of import and size, each file once', async () => {
  expect(await omero.usage(limitMs)).toEqual({ filesets: [], projects: [] });
  await imported('2019-12-31 23:59:59', [GiB - 1n], 3);
  await imported('2019-01-01', [5n, null], 1, { archived: true });
  await imported('2019-06-01', [GiB], 1);
  await imported('2020-01-01', [4n * GiB, 6n * GiB], 2, { archived: false });
  await imported('2020-01-01', [100n * GiB], 1, { group_id: 0n });
  await imported('2020-01-01', [7n], 0);
  await rows.image({ owner_id: alice, group_id: lab });
  const of = { groupId: lab, ownerId: alice };
  const none = { archivedFilesets: 0n, archivedBytes: 0n };
  expect((await omero.usage(limitMs)).filesets).toEqual([
    {
      groupId: 0n,
      ownerId: alice,
      year: 2020,
      sizeClass: 3,
      images: 1n,
      filesets: 1n,
      files: 1n,
      bytes: 100n * GiB,
      ...none,
    },
    {
      ...of,
      year: 2019,
      sizeClass: 0,
      images: 4n,
      filesets: 2n,
      files: 3n,
      bytes: GiB + 4n,
      archivedFilesets: 1n,
      archivedBytes: 5n,
    },
    { ...of, year: 2019, sizeClass: 1, images: 1n, filesets: 1n, files: 1n, bytes: GiB, ...none },
    { ...of, year: 2020, sizeClass: 2, images: 2n, filesets: 1n, files: 2n, bytes: 10n * GiB, ...none },
  ]);
});

test('a fileset counts once in each project that has images of it', async () => {
  const project = (name: string): Promise<bigint> => rows.own('project', { name });
  const link = (table: string, parent: bigint, child: bigint): Promise<bigint> => rows.own(table, { parent, child });
  const [p, q] = [await project('p'), await project('q')];
  const [a, b] = [await rows.own('dataset', { name: 'a' }), await rows.own('dataset', { name: 'b' })];
  await link('projectdatasetlink', p, a);
  await link('projectdatasetlink', p, b);
  await link('projectdatasetlink', q, b);
  for (const image of await imported('2021-01-01', [40n, 2n], 2)) {
    await link('datasetimagelink', a, image);
    await link('datasetimagelink', b, image);
  }
  const [archived] = await imported('2021-01-01', [8n], 1, { archived: true });
  await link('datasetimagelink', a, archived!);
  const of = { groupId: lab, ownerId: alice };
  expect((await omero.usage(limitMs)).projects).toEqual([
    { projectId: p, ...of, name: 'p', filesets: 2n, bytes: 50n, archivedBytes: 8n },
    { projectId: q, ...of, name: 'q', filesets: 1n, bytes: 42n, archivedBytes: 0n },
  ]);
});

test('a statement that takes longer is cancelled, and the next one has the usual time', async () => {
  await rows.query(`INSERT INTO image (id, permissions, version, creation_id, update_id, owner_id, group_id, name, series, fileset)
    SELECT 1000000 + n, -120, 0, 0, 0, 0, 0, 'x', 0, 1000000 + n FROM generate_series(1, 200000) n`);
  await expect(omero.usage(1)).rejects.toMatchObject({ kind: 'transient', code: 'OMERO_DATABASE_BUSY' });
  await omero.usage(limitMs);
});
