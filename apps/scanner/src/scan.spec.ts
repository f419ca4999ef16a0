import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, type RootName } from '@coldroom/domain';
import { markerName, type Root } from '@coldroom/files';
import { legacyPath, pyramidCompanions } from '@coldroom/omero';
import { Originals } from '@coldroom/trees';
import { annotateImages, type TinyOmero } from '@coldroom/sample-omero';
import { Closures } from './closures';
import { Scan, type ScanReport } from './scan';
import { Scene } from './testing/scene';

const single = (name: string, images = 1) => ({ files: [{ name, size: 20 }], images });

describe('a scan', () => {
  let scene: Scene;
  let alice: TinyOmero['user'];
  let bob: TinyOmero['user'];

  beforeAll(async () => {
    scene = await Scene.create('scan');
    alice = (await scene.add([single('first.tif')])).user;
    bob = (await scene.add([single('of bob.tif')], { omename: 'bob' })).user;
  });
  afterAll(() => scene.close());

  const run = (): Promise<ScanReport> => scene.scan.run('test');
  const requestOf = async (imageId: number): Promise<bigint | undefined> =>
    (await scene.register.requests.requestsOf([BigInt(imageId)])).get(BigInt(imageId));

  test('one request for each owner and requester; a second scan finds nothing new', async () => {
    const report = await run();
    expect(report).toMatchObject({
      marks: 2,
      known: 0,
      requests: [{ requester: 'alice', group: 'microscopy', markedImages: 1 }, { requester: 'bob' }],
    });
    // As after a crash between the request and its marks in OMERO: those are still TO-ARCHIVE.
    expect(await run()).toMatchObject({ marks: 2, known: 2, requests: [], leftOut: [] });
    expect(await scene.register.reports.requestStates()).toEqual([{ state: 'New', requests: 2 }]);
    expect(await scene.register.reports.files({ limit: 1000 })).toHaveLength(2);
  });

  test('a fileset is included whole, even where one image of it is marked', async () => {
    const { imageIds } = await scene.add(
      [
        {
          files: [
            { name: 'series.czi', size: 9 },
            { name: 'series.aisf', size: 0, content: Buffer.alloc(0) },
          ],
          images: 3,
        },
      ],
      { mark: false },
    );
    await scene.mark([imageIds[1]!], alice.id);
    const {
      requests: [made],
    } = await run();
    const images = await scene.register.reports.images(BigInt(made!.id));
    expect(images.map(({ imageId, marked }) => [Number(imageId), marked])).toEqual(
      imageIds.map((id, index) => [id, index === 1]),
    );
  });

  test("siblings marked by two people: the first has them, the other's mark is known", async () => {
    const {
      imageIds,
      filesets: [fileset],
    } = await scene.add([single('siblings.lif', 2)], { mark: false });
    await scene.sql(
      'INSERT INTO groupexperimentermap (id, permissions, version, parent, child, child_index, owner) VALUES (-1, -52, 0, $1, $2, 9, true) ON CONFLICT DO NOTHING',
      [alice.groupId, bob.id],
    );
    await scene.sql('UPDATE groupexperimentermap SET owner = true WHERE parent = $1 AND child = $2', [
      alice.groupId,
      bob.id,
    ]);
    await scene.mark([imageIds[0]!], alice.id);
    await scene.mark([imageIds[1]!], bob.id);
    const report = await run();
    expect(report.requests).toMatchObject([{ requester: 'alice', markedImages: 1 }]);
    expect([await requestOf(imageIds[0]!), await requestOf(imageIds[1]!)]).toEqual([
      BigInt(report.requests[0]!.id),
      BigInt(report.requests[0]!.id),
    ]);
    expect(await scene.register.reports.files({ fileset: `Fileset:${fileset!.id}` })).toHaveLength(1);
  });

  test('a person who may not mark is reported; what only resembles a mark is none', async () => {
    const {
      imageIds: [foreign, tag, other, said],
    } = await scene.add([single('foreign.tif'), single('tag.tif'), single('other.tif'), single('said.tif')], {
      mark: false,
    });
    const carol = (await scene.add([], { omename: 'carol', mark: false })).user;
    await scene.mark([foreign!], carol.id);
    await annotateImages(scene.omeroUrl, {
      imageIds: [tag!],
      ownerId: alice.id,
      groupId: alice.groupId,
      discriminator: '/basic/text/tag/',
      ns: 'archiving',
      name: 'TO-ARCHIVE',
      textvalue: 'TO-ARCHIVE',
    });
    await annotateImages(scene.omeroUrl, {
      imageIds: [other!],
      ownerId: alice.id,
      groupId: alice.groupId,
      ns: 'example.org',
      name: 'TO-ARCHIVE',
      values: [['TO-ARCHIVE', 'True']],
    });
    await annotateImages(scene.omeroUrl, {
      imageIds: [said!],
      ownerId: carol.id,
      groupId: alice.groupId,
      ns: 'archiving',
      name: 'TO-ARCHIVE',
      values: [['TO-ARCHIVE', 'True']],
      description: `Owner : ${alice.id} : alice`,
    });
    const report = await run();
    expect(report.requests).toEqual([]);
    expect(report.ignored).toEqual([
      {
        code: 'MARK_NOT_ALLOWED',
        imageId: String(foreign),
        reason: expect.stringMatching(
          new RegExp(
            `^carol, who asks, is neither the owner of Image:${foreign}, nor an administrator, nor a leader of group microscopy`,
          ),
        ),
      },
      {
        code: 'MARK_NOT_ALLOWED',
        imageId: String(said),
        reason: expect.stringMatching(/^carol, who linked the mark, is neither/),
      },
    ]);
    await scene.sql('DELETE FROM imageannotationlink WHERE parent = ANY($1)', [[foreign, tag, other, said]]);
  });

  test('images without files, and filesets without entries, are left out by name', async () => {
    const { imageIds, filesets } = await scene.add([single('noentries.tif'), single('whole.tif')]);
    await scene.sql('DELETE FROM filesetentry WHERE fileset = $1', [filesets[0]!.id]);
    const legacy = await scene.row('image', {
      name: 'nothing at all',
      series: 0,
      owner_id: alice.id,
      group_id: alice.groupId,
    });
    const pixels = await scene.row('pixels', {
      image: await scene.row('image', {
        name: 'pixels that are gone',
        series: 0,
        owner_id: alice.id,
        group_id: alice.groupId,
      }),
      image_index: 0,
      sha1: 'x',
      sizex: 1,
      sizey: 1,
      sizez: 1,
      sizec: 1,
      sizet: 1,
      dimensionorder: 1,
      pixelstype: 1,
    });
    const [{ image }] = (await scene.sql<{ image: bigint }>('SELECT image FROM pixels WHERE id = $1', [pixels])) as [
      { image: bigint },
    ];
    await scene.mark([Number(legacy), Number(image)], alice.id);
    const report = await run();
    const reason = 'OMERO names no file of it, and nothing of it is on disk';
    expect([...report.leftOut].sort((one, two) => (one.component < two.component ? -1 : 1))).toEqual([
      { component: `Fileset:${filesets[0]!.id}`, code: 'NO_FILES', reason },
      { component: `Image:${legacy}`, code: 'NO_FILES', reason },
      { component: `Legacy:${pixels}`, code: 'NO_FILES', reason },
    ]);
    expect(report.requests).toMatchObject([{ markedImages: 4 }]);
    expect([await requestOf(imageIds[0]!), await requestOf(Number(legacy))]).toEqual([undefined, undefined]);
    expect(await requestOf(imageIds[1]!)).toBe(BigInt(report.requests[0]!.id));

    await writeFile(join(scene.dataDir, 'Pixels', legacyPath(pixels)), 'back from the backup');
    expect((await run()).requests).toHaveLength(1);
    expect(await scene.register.reports.files({ fileset: `Legacy:${pixels}` })).toMatchObject([
      { root: 'Pixels', state: 'registered' },
    ]);
    await scene.sql('DELETE FROM imageannotationlink WHERE parent = ANY($1)', [[imageIds[0], legacy]]);
  });

  test('two rows for one path, in one fileset or in two: neither is archived twice', async () => {
    await scene.sql('DROP INDEX IF EXISTS originalfile_repo_index');
    for (const { indexname } of await scene.sql<{ indexname: string }>(
      `SELECT indexname FROM pg_indexes WHERE tablename = 'originalfile' AND indexdef LIKE 'CREATE UNIQUE%path%'`,
    ))
      await scene.sql(`DROP INDEX "${indexname}"`);
    const {
      filesets: [one, two, three],
    } = await scene.add([
      {
        files: [
          { name: 'twice.tif', size: 4 },
          { name: 'copy.tif', size: 4 },
        ],
      },
      single('shared.tif'),
      single('shared too.tif'),
    ]);
    const original = async (fileset: number, index: number): Promise<bigint> =>
      (
        await scene.sql<{ originalfile: bigint }>(
          'SELECT originalfile FROM filesetentry WHERE fileset = $1 AND fileset_index = $2',
          [fileset, index],
        )
      )[0]!.originalfile;
    for (const [from, to] of [
      [await original(one!.id, 0), await original(one!.id, 1)],
      [await original(two!.id, 0), await original(three!.id, 0)],
    ]) {
      await scene.sql(
        'UPDATE originalfile t SET path = o.path, name = o.name, size = o.size FROM originalfile o WHERE o.id = $1 AND t.id = $2',
        [from, to],
      );
    }
    await run();
    const states = async (fileset: number) =>
      (await scene.register.reports.files({ fileset: `Fileset:${fileset}` })).map(({ state, code, reason }) => ({
        state,
        code,
        reason,
      }));
    expect(await states(one!.id)).toEqual([
      {
        state: 'skipped',
        code: 'FILESET_INCOMPLETE',
        reason: expect.stringMatching(/cannot be taken: .*twice\.tif \(PATH_TWICE\)/),
      },
      { state: 'skipped', code: 'PATH_TWICE', reason: 'OMERO names this path more than once' },
    ]);
    expect(await states(two!.id)).toEqual([{ state: 'registered', code: null, reason: null }]);
    expect(await states(three!.id)).toEqual([
      { state: 'skipped', code: 'PATH_TWICE', reason: 'OMERO names this path more than once' },
    ]);
  });

  test('filesets that share a file are one, and are included together', async () => {
    const {
      imageIds,
      filesets: [one, two],
    } = await scene.add([{ files: [{ name: 'mine.tif', size: 4 }] }, single('theirs.tif')], { mark: false });
    const [entry] = await scene.sql<{ originalfile: bigint }>(
      'SELECT originalfile FROM filesetentry WHERE fileset = $1',
      [two!.id],
    );
    await scene.row('filesetentry', {
      fileset: one!.id,
      fileset_index: 1,
      clientpath: 'x',
      originalfile: entry!.originalfile,
    });
    await scene.mark([imageIds[0]!], alice.id);
    const {
      requests: [made],
    } = await run();
    const images = await scene.register.reports.images(BigInt(made!.id));
    expect(
      images.map(({ imageId, marked, fileset }) => [Number(imageId), marked, fileset === images[0]!.fileset]),
    ).toEqual([
      [imageIds[0], true, true],
      [imageIds[1], false, true],
    ]);
    expect((await scene.register.reports.files({ requestId: BigInt(made!.id) })).map(({ state }) => state)).toEqual([
      'registered',
      'registered',
    ]);
  });

  test('a fileset with a file in another repository is left out, with how many', async () => {
    const {
      imageIds,
      filesets: [fileset],
    } = await scene.add([
      {
        files: [
          { name: 'a.tif', size: 4 },
          { name: 'b.tif', size: 4 },
        ],
      },
    ]);
    await scene.sql(
      `UPDATE originalfile SET repo = 'ScriptRepo' WHERE id = (SELECT originalfile FROM filesetentry WHERE fileset = $1 AND fileset_index = 1)`,
      [fileset!.id],
    );
    expect(await run()).toMatchObject({
      requests: [],
      leftOut: [
        {
          component: `Fileset:${fileset!.id}`,
          code: 'FILES_ELSEWHERE',
          reason: '1 of its files are in another repository',
        },
      ],
    });
    await scene.sql('DELETE FROM imageannotationlink WHERE parent = ANY($1)', [imageIds]);
  });

  test('while OMERO writes a pyramid its image is left for later', async () => {
    const {
      imageIds,
      filesets: [fileset],
    } = await scene.add([single('pyramid.tif')]);
    const [{ id: pixels }] = (await scene.sql<{ id: bigint }>('SELECT id FROM pixels WHERE image = $1', [
      imageIds[0],
    ])) as [{ id: bigint }];
    const { directory, lock } = pyramidCompanions(pixels);
    await mkdir(join(scene.dataDir, 'Pixels', directory), { recursive: true });
    await writeFile(join(scene.dataDir, 'Pixels', directory, lock), '');
    expect(await run()).toMatchObject({
      requests: [],
      leftOut: [
        {
          component: `Fileset:${fileset!.id}`,
          code: 'PYRAMID_BEING_WRITTEN',
          reason: expect.stringContaining(`Pixels:${pixels}: there is a ${directory}${lock}`),
        },
      ],
    });
    await rm(join(scene.dataDir, 'Pixels', directory, lock));
    expect((await run()).requests).toHaveLength(1);
  });

  test('a root that is not mounted, at the start or during the scan, leaves no trace: no MISSING', async () => {
    const { imageIds } = await scene.add(Array.from({ length: 3 }, (_, nr) => single(`mounted ${nr}.tif`)));
    const marker = join(scene.dataDir, 'ManagedRepository', markerName);
    const before = await scene.register.reports.counts();
    await rename(marker, `${marker}.away`);
    const error = await run().catch((thrown: unknown) => thrown);
    expect([codeOf(error), (error as Error).message]).toEqual([
      'ROOT_UNAVAILABLE',
      expect.stringContaining('ManagedRepository'),
    ]);
    await rename(`${marker}.away`, marker);

    /** The disk becomes unavailable after the request, its images and the check of the root. */
    class Vanishing extends Originals {
      override async root(name: RootName): Promise<Root> {
        const root = await super.root(name);
        if (name === 'ManagedRepository') await rename(marker, `${marker}.away`);
        return root;
      }
    }
    const closures = new Closures(
      scene.omero,
      scene.register,
      scene.files,
      new Vanishing(scene.dataDir),
      scene.troubles,
      scene.names,
    );
    expect(
      codeOf(await new Scan(scene.omero, scene.register, closures).run('test').catch((thrown: unknown) => thrown)),
    ).toBe('ROOT_UNAVAILABLE');
    await rename(`${marker}.away`, marker);

    expect(await scene.register.reports.counts()).toEqual(before);
    expect(await requestOf(imageIds[0]!)).toBeUndefined();
    expect(await run()).toMatchObject({ requests: [{ markedImages: 3 }] });
  });
});
