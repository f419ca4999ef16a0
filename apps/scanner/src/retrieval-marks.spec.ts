import { annotateImages, type TinyOmero } from '@coldroom/sample-omero';
import { RetrievalMarks } from './retrieval-marks';
import { Scene } from './testing/scene';
import { move, untilPlaced, untilReleased } from './testing/transitions';

const single = (name: string, images = 1) => ({ files: [{ name, size: 20 }], images });

describe('a retrieval requested by a mark', () => {
  let scene: Scene;
  let retrievalMarks: RetrievalMarks;

  beforeAll(async () => {
    scene = await Scene.create('asked_back');
    retrievalMarks = new RetrievalMarks(scene.omero, scene.register, scene.log);
  });
  afterAll(() => scene.close());

  async function archived(name: string, images = 1, upTo: number = untilReleased.length): Promise<TinyOmero> {
    const tiny = await scene.add([single(name, images)]);
    const {
      requests: [made],
    } = await scene.scan.run('test');
    await scene.register.requests.approve(BigInt(made!.id), 'boss');
    await scene.starter.run('test');
    await move(scene, untilReleased.slice(0, upTo));
    while ((await scene.mirror.run()) > 0);
    return tiny;
  }

  async function askFor(
    imageId: number,
    ownerId: number,
    change: Partial<Parameters<typeof annotateImages>[1]> = {},
  ): Promise<void> {
    const [image] = await scene.sql<{ owner: bigint; group: bigint }>(
      'SELECT owner_id AS owner, group_id AS group FROM image WHERE id = $1',
      [imageId],
    );
    await annotateImages(scene.omeroUrl, {
      imageIds: [imageId],
      ownerId,
      groupId: Number(image!.group),
      ns: 'archiving',
      discriminator: '/map/',
      name: 'FROM-ARCHIVE',
      values: [['FROM-ARCHIVE', 'True']],
      ...change,
    });
  }
  const owner = async (imageId: number): Promise<number> =>
    Number(
      (await scene.sql<{ owner: bigint }>('SELECT owner_id AS owner FROM image WHERE id = $1', [imageId]))[0]!.owner,
    );
  const stateOf = async (name: string): Promise<string | undefined> => (await scene.filesByName()).get(name)?.state;

  test('restores a whole fileset, once; the marks are removed when it is there', async () => {
    const tiny = await archived('a.lif', 2);
    await askFor(tiny.imageIds[1]!, await owner(tiny.imageIds[1]!));
    expect(await retrievalMarks.run()).toMatchObject({ marks: 1, files: 1, ignoredCount: 0 });
    expect(await retrievalMarks.run()).toMatchObject({ marks: 1, files: 0 });
    expect(await stateOf('a.lif')).toBe('retrieving');
    for (const id of tiny.imageIds) expect(await scene.marksOf(id)).toContain('ARCHIVED');

    await move(scene, untilPlaced('restored'));
    while ((await scene.mirror.run()) > 0);
    for (const id of tiny.imageIds) expect([id, await scene.marksOf(id)]).toEqual([id, []]);
    expect(await retrievalMarks.run()).toMatchObject({ marks: 0, files: 0 });
  });

  test('an original that is still held is put back without a query to the store', async () => {
    const tiny = await archived('held.tif', 1, 5);
    await askFor(tiny.imageIds[0]!, await owner(tiny.imageIds[0]!));
    expect(await retrievalMarks.run()).toMatchObject({ files: 1 });
    expect(await stateOf('held.tif')).toBe('undoing');
  });

  test('is refused to a person who may not mark, and for an image that is not archived', async () => {
    const tiny = await archived('mine.tif');
    const fresh = await scene.add([single('fresh.tif')], { mark: false });
    const stranger = await scene.add([single('other.tif')], { mark: false, omename: 'mallory' });
    await askFor(tiny.imageIds[0]!, await owner(stranger.imageIds[0]!));
    await askFor(fresh.imageIds[0]!, await owner(fresh.imageIds[0]!));
    expect(await retrievalMarks.run()).toMatchObject({
      files: 0,
      ignoredCount: 1,
      ignored: [{ code: 'MARK_NOT_ALLOWED', imageId: String(tiny.imageIds[0]) }],
    });
    expect(await stateOf('mine.tif')).toBe('released');
  });

  test('all that one person marked is requested at once, and reported once', async () => {
    const tiny = await scene.add([single('one.tif'), single('two.tif')]);
    const {
      requests: [made],
    } = await scene.scan.run('test');
    await scene.register.requests.approve(BigInt(made!.id), 'boss');
    await scene.starter.run('test');
    await move(scene, untilReleased);
    for (const id of tiny.imageIds) await askFor(id, await owner(id));
    expect(await retrievalMarks.run()).toMatchObject({ files: 2 });
    const told = await scene.register.reports.events({ requestId: BigInt(made!.id) }, 100);
    expect(told.filter(({ what }) => what === 'retrieval asked')).toMatchObject([
      { detail: { way: 'restore', files: 2, filesets: 2, images: 2 } },
    ]);
  });

  test('a recall is requested once for its days, and its mark is removed at once', async () => {
    const tiny = await archived('recall.tif');
    const recall = async (days: string): Promise<void> =>
      askFor(tiny.imageIds[0]!, await owner(tiny.imageIds[0]!), {
        name: 'RECALL',
        values: [
          ['RECALL', 'True'],
          ['Days', days],
        ],
      });
    await recall('3');
    expect(await retrievalMarks.run()).toMatchObject({ files: 1 });
    expect((await scene.filesByName()).get('recall.tif')).toMatchObject({ state: 'retrieving' });
    const [event] = (await scene.register.reports.events({}, 5)).filter(({ what }) => what === 'retrieval asked');
    expect(event).toMatchObject({ actor: 'alice', detail: { way: 'recall', days: 3 } });
    expect(await scene.marksOf(tiny.imageIds[0]!)).toEqual(['ARCHIVE NOTE', 'ARCHIVED']);
    // While it is under way, there is nothing to recall.
    await recall('many');
    expect(await retrievalMarks.run()).toMatchObject({ files: 0 });
    expect(await scene.marksOf(tiny.imageIds[0]!)).not.toContain('RECALL');
  });

  test('a recall of what is not archived is dropped, and does not wait until it is', async () => {
    const fresh = await scene.add([single('not-archived.tif')], { mark: false });
    await askFor(fresh.imageIds[0]!, await owner(fresh.imageIds[0]!), { name: 'RECALL', values: [['RECALL', 'True']] });
    expect(await retrievalMarks.run()).toMatchObject({ files: 0 });
    expect(await scene.marksOf(fresh.imageIds[0]!)).toEqual([]);
  });

  test('waits for the next scan while a worker holds the bag', async () => {
    const tiny = await archived('busy.tif', 1, 5);
    const [due] = await scene.register.claims.due(['linked']);
    const claim = await scene.register.claims.claim(due!.bagId, ['linked'], 'another worker', 60_000);
    await askFor(tiny.imageIds[0]!, await owner(tiny.imageIds[0]!));
    expect(await retrievalMarks.run()).toMatchObject({ files: 0 });
    await scene.register.claims.releaseClaim(claim!);
    expect(await retrievalMarks.run()).toMatchObject({ files: 1 });
  });
});
