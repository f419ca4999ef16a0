import { OmeroDatabase } from '../omero-database';
import { collect, OmeroRows } from '../testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
beforeAll(async () => {
  rows = await OmeroRows.create('openings');
  omero = OmeroDatabase.connect(rows.url);
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});

async function add(
  names: readonly string[],
  images: readonly { readonly name?: string | null; readonly format?: string }[],
): Promise<{ readonly fileset: bigint; readonly files: readonly bigint[]; readonly images: readonly bigint[] }> {
  const fileset = await rows.fileset();
  const files: bigint[] = [];
  for (const name of names) {
    files.push(await rows.file(`a/${fileset}/`, name));
    await rows.entry(fileset, files.at(-1)!);
  }
  const ids: bigint[] = [];
  for (const { name = null, format } of images) {
    const [known] = await rows.query<{ id: bigint }>('SELECT id FROM format WHERE value = $1', [format]);
    ids.push(await rows.image({ fileset, format: known?.id ?? null }));
    await rows.pixels(ids.at(-1)!, { name });
  }
  return { fileset, files, images: ids };
}

test('how images are opened is read by fileset: for a closure, and by original files', async () => {
  const set = await add(
    ['s_0.ome.tif', 'S.Companion.OME', 's_1.ome.tif'],
    [
      { name: 's_0.ome.tif', format: 'OMETiff' },
      { name: 's_0.ome.tif', format: 'OMETiff' },
      { name: 'S.Companion.OME', format: 'OMETiff' },
    ],
  );
  await rows.entry(set.fileset, await rows.file('a/', 'sub.companion.ome', { mimetype: 'Directory' }));
  const plain = await add(['a.dv'], [{ name: 'a.dv', format: 'DV' }, {}]);
  const failed = await add(['b.companion.ome'], []);
  const legacy = await rows.image({});
  await rows.pixels(legacy);

  const companionSet = {
    filesetId: set.fileset,
    files: 3,
    companions: 1,
    openedBy: expect.any(Array),
    formats: ['OMETiff'],
  };
  const dv = { filesetId: plain.fileset, files: 1, companions: 0, openedBy: ['', 'a.dv'], formats: ['DV'] };
  const read = await omero.withClosure([set.images[0]!, plain.images[0]!, legacy], (closure) =>
    collect(closure.openings),
  );
  expect(read).toEqual([
    { component: `Fileset:${set.fileset}`, ...companionSet },
    { component: `Fileset:${plain.fileset}`, ...dv },
  ]);
  expect([...read[0]!.openedBy].sort()).toEqual(['S.Companion.OME', 's_0.ome.tif']);

  const byFile = await omero.openingsOf([...set.files, plain.files[0]!, failed.files[0]!, 999_999n]);
  expect(byFile.size).toBe(5);
  for (const file of set.files) expect(byFile.get(file)).toEqual([companionSet]);
  expect(byFile.get(plain.files[0]!)).toEqual([dv]);
  expect(byFile.get(failed.files[0]!)).toMatchObject([{ files: 1, companions: 1, openedBy: [], formats: [] }]);
});

test('a file that two filesets share belongs to both', async () => {
  const one = await add(['c.ome.tif'], [{ name: 'c.ome.tif' }]);
  const two = await add(['d.companion.ome'], [{ name: 'c.ome.tif' }]);
  await rows.entry(two.fileset, one.files[0]!);
  expect((await omero.openingsOf([one.files[0]!])).get(one.files[0]!)).toHaveLength(2);
  expect(await omero.withClosure([one.images[0]!], (closure) => collect(closure.openings))).toMatchObject([
    { filesetId: one.fileset },
    { filesetId: two.fileset, files: 2, companions: 1 },
  ]);
});
