import type { Closure, ClosureFile, ClosureImage, Component } from './closure';
import { OmeroDatabase } from './omero-database';
import { collect, OmeroRows } from './testing/omero-rows';

let rows: OmeroRows;
let omero: OmeroDatabase;
beforeAll(async () => {
  rows = await OmeroRows.create('closure');
  omero = OmeroDatabase.connect(rows.url, { max: 2 });
});
afterAll(async () => {
  await omero.close();
  await rows.drop();
});

interface Read {
  components: Component[];
  images: ClosureImage[];
  files: ClosureFile[];
}

function closureOf(...ids: bigint[]): Promise<Read> {
  return omero.withClosure(ids, async ({ components, images, files }) => ({
    components: await collect(components),
    images: await collect(images),
    files: await collect(files),
  }));
}
const places = ({ files }: Read): string[] =>
  files.map((file) => `${file.component} ${file.root}/${file.path.toString()} ${file.role}`);

async function legacyImage(...originals: bigint[]): Promise<{ image: bigint; pixels: bigint }> {
  const image = await rows.image({ archived: true });
  const pixels = await rows.pixels(image);
  for (const original of originals) await rows.mapped(original, pixels);
  return { image, pixels };
}
const legacyOriginal = (): Promise<bigint> =>
  rows.own('originalfile', { path: '/home/alice/', name: 'a.lif', size: 5, hash: 'AB12' });

it('finds a fileset with all its images and files, but not its pyramid', async () => {
  const [alice, group] = [await rows.person('alice-fs'), await rows.group('lab-fs')];
  const fileset = await rows.fileset();
  const [one, two] = [
    await rows.image({ fileset, owner_id: alice, group_id: group, name: 'a [1]' }),
    await rows.image({ fileset, archived: false }),
  ];
  const pixels = await rows.pixels(one);
  const [sha1] = await rows.query<{ id: bigint }>("SELECT id FROM checksumalgorithm WHERE value = 'SHA1-160'");
  const directory = await rows.file('', 'alice/', { mimetype: 'Directory' });
  const file = await rows.file('alice_2/2019-01/', ' ä#"\\%\n.tif', { size: 1n << 40n, hash: 'ff', hasher: sha1?.id });
  const companion = await rows.file('alice_2/2019-01/sub/', '..dots..xml', { size: null, hash: 'no algorithm' });
  for (const original of [directory, file, companion, file]) await rows.entry(fileset, original);

  const read = await closureOf(two);
  expect(read.components).toEqual([
    { name: `Fileset:${fileset}`, filesets: 1, images: 2, inPlace: null, foreignFiles: 0 },
  ]);
  expect(read.images).toEqual([
    {
      component: `Fileset:${fileset}`,
      imageId: one,
      name: 'a [1]',
      owner: { id: alice, name: 'alice-fs' },
      group: { id: group, name: 'lab-fs' },
      archived: null,
      marked: false,
      pixelsIds: [pixels],
    },
    expect.objectContaining({ imageId: two, archived: false, marked: true, pixelsIds: [] }),
  ]);
  expect(read.files).toEqual([
    {
      component: `Fileset:${fileset}`,
      root: 'ManagedRepository',
      path: Buffer.from('alice_2/2019-01/ ä#"\\%\n.tif'),
      size: 1n << 40n,
      hash: { algorithm: 'SHA1-160', value: 'ff' },
      originalFileId: file,
      pixelsId: null,
      role: 'original',
      mandatory: true,
    },
    expect.objectContaining({
      path: Buffer.from('alice_2/2019-01/sub/..dots..xml'),
      size: null,
      hash: null,
      originalFileId: companion,
    }),
  ]);
});

it('keeps names byte for byte, in either Unicode form', async () => {
  const fileset = await rows.fileset();
  const image = await rows.image({ fileset });
  const names = ['e\u0301.tif', '\u00e9.tif', 'x\u{1F52C}.tif'];
  for (const name of names) await rows.entry(fileset, await rows.file('forms/', name));
  expect((await closureOf(image)).files.map(({ path }) => path.toString('hex'))).toEqual(
    names.map((name) => Buffer.from(`forms/${name}`).toString('hex')),
  );
});

it('returns odd rows as they are', async () => {
  const fileset = await rows.fileset();
  const image = await rows.image({ fileset });
  const odd: [string, string, number][] = [
    ['a/../../', 'etc', 1],
    ['/', 'top', 1],
    ['', '', 0],
    ['n/', 'egative', -1],
    ['./', '.', 2],
  ];
  for (const [path, name, size] of odd) await rows.entry(fileset, await rows.file(path, name, { size }));
  expect((await closureOf(image)).files.map(({ path, size }) => [path.toString(), Number(size)])).toEqual(
    odd.map(([path, name, size]) => [path + name, size]),
  );
});

it('follows a chain of OMERO 4 originals to its end', async () => {
  const originals = [await legacyOriginal(), await legacyOriginal(), await legacyOriginal()] as const;
  const a = await legacyImage(originals[0], originals[1]);
  const b = await legacyImage(originals[1], originals[2]);
  const c = await legacyImage(originals[2]);
  const alone = await legacyImage();
  const name = `Legacy:${a.pixels}`;

  const read = await closureOf(c.image, alone.image);
  expect(read.components.map((component) => [component.name, component.images])).toEqual([
    [`Legacy:${alone.pixels}`, 1],
    [name, 3],
  ]);
  expect(read.images.map(({ imageId, marked }) => [imageId, marked])).toEqual([
    [alone.image, true],
    [a.image, false],
    [b.image, false],
    [c.image, true],
  ]);
  const pair = (id: bigint): string[] => [`Pixels/${id} pixels`, `Pixels/${id}_pyramid pyramid`];
  expect(places(read)).toEqual([
    ...pair(alone.pixels).map((place) => `Legacy:${alone.pixels} ${place}`),
    ...[...originals.map((id) => `Files/${id} original`), ...pair(a.pixels), ...pair(b.pixels), ...pair(c.pixels)].map(
      (place) => `${name} ${place}`,
    ),
  ]);
  expect(read.files.filter(({ mandatory }) => !mandatory).map(({ pixelsId }) => pixelsId)).toEqual(
    [alone, alone, a, a, b, b, c, c].map(({ pixels }) => pixels),
  );
  expect(read.files.find(({ role }) => role === 'original')).toMatchObject({
    size: 5n,
    hash: null,
    pixelsId: null,
    originalFileId: originals[0],
  });
});

it('joins a chain of a thousand images, whatever the order of their creation', async () => {
  await rows.query(
    "INSERT INTO originalfile (id, permissions, version, creation_id, update_id, owner_id, group_id, path, name) SELECT 500000 + n, -120, 0, 0, 0, 0, 0, 'c', 'n' FROM generate_series(1, 1001) n",
  );
  await rows.query(
    "INSERT INTO image (id, permissions, version, creation_id, update_id, owner_id, group_id, name, series) SELECT 500000 + n, -120, 0, 0, 0, 0, 0, 'chain', 0 FROM generate_series(1, 1000) n",
  );
  await rows.query(`INSERT INTO pixels (id, permissions, version, creation_id, update_id, owner_id, group_id, image, image_index, sha1, sizex, sizey, sizez, sizec, sizet, dimensionorder, pixelstype)
    SELECT 500000 + n, -120, 0, 0, 0, 0, 0, 500000 + n, 0, '', 1, 1, 1, 1, 1, 1, 1 FROM generate_series(1, 1000) n`);
  // Neighbours in the chain have ids far apart: 389 and 1000 have no common divisor.
  await rows.query(`INSERT INTO pixelsoriginalfilemap (id, permissions, version, creation_id, update_id, owner_id, group_id, parent, child)
    SELECT 500000 + 2 * n + side, -120, 0, 0, 0, 0, 0, 500001 + n + side, 500001 + n * 389 % 1000 FROM generate_series(0, 999) n, generate_series(0, 1) side`);
  const read = await closureOf(500777n);
  expect(read.components).toEqual([
    { name: 'Legacy:500001', filesets: 0, images: 1000, inPlace: null, foreignFiles: 0 },
  ]);
  expect(read.files).toHaveLength(1001 + 2000);
  expect(new Set(read.files.map(({ component }) => component))).toEqual(new Set(['Legacy:500001']));
});

it('joins filesets that share a file, but not those that share a directory', async () => {
  const filesets = [await rows.fileset(), await rows.fileset(), await rows.fileset()] as const;
  const images: bigint[] = [];
  for (const fileset of filesets) images.push(await rows.image({ fileset }));
  const pixels = await rows.pixels(images[1] as bigint);
  const shared = await rows.file('shared/', 'file');
  const directory = await rows.file('', 'shared', { mimetype: 'Directory' });
  for (const fileset of filesets) await rows.entry(fileset, directory);
  await rows.entry(filesets[0], shared);
  await rows.entry(filesets[1], shared);
  expect((await closureOf(images[0] as bigint)).components).toEqual([
    { name: `Legacy:${pixels}`, filesets: 2, images: 2, inPlace: null, foreignFiles: 0 },
  ]);
  expect((await closureOf(images[2] as bigint)).components[0]?.name).toBe(`Fileset:${filesets[2]}`);
});

it('joins a fileset with OMERO 4 images that share an original, and lists their pixels only', async () => {
  const original = await legacyOriginal();
  const old = await legacyImage(original);
  const fileset = await rows.fileset();
  const image = await rows.image({ fileset });
  const pixels = await rows.pixels(image);
  await rows.mapped(original, pixels);
  await rows.entry(fileset, await rows.file('mixed/', 'file'));
  const read = await closureOf(image);
  expect(read.components).toMatchObject([{ name: `Legacy:${old.pixels}`, filesets: 1, images: 2 }]);
  expect(read.files.map(({ root, pixelsId }) => [root, pixelsId])).toEqual([
    ['Files', null],
    ['ManagedRepository', null],
    ['Pixels', old.pixels],
    ['Pixels', old.pixels],
  ]);
});

it('names a fileset with an OMERO 4 original by its pixels', async () => {
  const fileset = await rows.fileset();
  const pixels = await rows.pixels(await rows.image({ fileset }));
  await rows.mapped(await legacyOriginal(), pixels);
  const [image] = await rows.query<{ id: bigint }>('SELECT id FROM image WHERE fileset = $1', [fileset]);
  expect((await closureOf(image?.id as bigint)).components[0]?.name).toBe(`Legacy:${pixels}`);
});

it('shows images without files, and leaves out what does not exist', async () => {
  const fileset = await rows.fileset();
  const [empty, bare] = [await rows.image({ fileset }), await rows.image()];
  const read = await closureOf(empty, bare, 999999999n);
  expect(read.components.map(({ name }) => name)).toEqual([`Image:${bare}`, `Fileset:${fileset}`]);
  expect(read.images.map(({ imageId }) => imageId)).toEqual([bare, empty]);
  expect(read.files).toEqual([]);
  expect(await closureOf()).toEqual({ components: [], images: [], files: [] });
});

it('never lists attachments, import logs or files of another repository, but counts the last', async () => {
  const fileset = await rows.fileset();
  const image = await rows.image({ fileset });
  await rows.pixels(image);
  await rows.entry(fileset, await rows.file('x/', 'script.py', { repo: 'ScriptRepo' }));
  await rows.entry(fileset, await rows.file('x/', 'nowhere', { repo: null }));
  const attachment = await rows.own('annotation', {
    discriminator: '/type/OriginalFile/',
    file: await legacyOriginal(),
  });
  await rows.link(image, attachment);
  expect(await closureOf(image)).toMatchObject({ components: [{ foreignFiles: 2 }], files: [] });
});

it.each([
  ['ome.formats.importer.transfers.SymlinkFileTransfer', true],
  ['ome.formats.importer.transfers.HardlinkFileTransfer', true],
  ['org.example.TapeFileTransfer', true],
  ['ome.formats.importer.transfers.CopyFileTransfer', false],
  ['ome.formats.importer.transfers.UploadRmFileTransfer', false],
])('treats an import by %s as in place: %s', async (transfer, inPlace) => {
  const fileset = await rows.fileset();
  const image = await rows.image({ fileset });
  await rows.entry(fileset, await rows.file(`${fileset}/`, 'a'));
  const comment = await rows.own('annotation', {
    discriminator: '/basic/text/comment/',
    ns: 'openmicroscopy.org/omero/import/fileTransfer',
    textvalue: transfer,
  });
  await rows.own('filesetannotationlink', { parent: fileset, child: comment });
  expect(await closureOf(image)).toMatchObject({
    components: [{ inPlace: inPlace ? transfer : null }],
    files: [{ originalFileId: expect.any(BigInt) }],
  });
});

it('reads components, images and files in parallel, each in the same order', async () => {
  const ids: bigint[] = [];
  for (let n = 0; n < 3; n++) {
    const fileset = await rows.fileset();
    ids.push(await rows.image({ fileset }), await rows.image({ fileset }));
    await rows.entry(fileset, await rows.file(`${fileset}/`, 'a'));
  }
  const seen = await omero.withClosure(ids, async ({ components, images, files }) => {
    const names: string[][] = [];
    for await (const { name } of components) {
      for await (const image of images)
        if (image.component === name) {
          names.push([name, image.component]);
          break;
        }
      for await (const file of files)
        if (file.component === name) {
          names.push([name, file.component]);
          break;
        }
    }
    return names;
  });
  expect(seen).toHaveLength(6);
});

it('passes on an error of the caller, ends its readers, and stays usable', async () => {
  const image = await rows.image();
  let kept: Closure | undefined;
  await expect(
    omero.withClosure([image], async (closure) => {
      kept = closure;
      throw new Error('mine');
    }),
  ).rejects.toThrow('mine');
  await expect(collect((kept as Closure).files)).rejects.toThrow('transaction had ended');
  expect((await closureOf(image)).images).toHaveLength(1);
});
