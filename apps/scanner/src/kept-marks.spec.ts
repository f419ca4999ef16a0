import { annotateImages, type TinyOmero } from '@coldroom/sample-omero';
import { Scene } from './testing/scene';

const single = (name: string, images = 1) => ({ files: [{ name, size: 20 }], images });

describe('images that people keep out of archiving', () => {
  let scene: Scene;
  let tiny: TinyOmero;

  beforeAll(async () => {
    scene = await Scene.create('kept');
    tiny = await scene.add([single('a.tif'), single('b.lif', 2), single('c.tif')]);
  });
  afterAll(() => scene.close());

  async function keep(imageId: number, ownerId = tiny.user.id): Promise<void> {
    await annotateImages(scene.omeroUrl, {
      imageIds: [imageId],
      ownerId,
      groupId: tiny.user.groupId,
      ns: 'archiving',
      discriminator: '/map/',
      name: 'KEEP',
      values: [
        ['KEEP', 'True'],
        ['Reason', 'paper under review'],
        ['Lifted by', 'owner'],
      ],
    });
  }
  async function lift(imageId: number): Promise<void> {
    await scene.sql(
      `DELETE FROM imageannotationlink WHERE parent = $1 AND child IN (SELECT id FROM annotation WHERE name = 'KEEP')`,
      [imageId],
    );
  }

  test('are in no request, with all images of their fileset, and the report says why', async () => {
    await keep(tiny.imageIds[2]!);
    expect(await scene.keptMarks.run()).toEqual({ marks: 1, lifted: 0, ignoredCount: 0, ignored: [] });
    const { requests, leftOut } = await scene.scan.run('test');
    expect(requests).toMatchObject([{ id: '1', markedImages: 4 }]);
    expect(leftOut).toMatchObject([
      { code: 'IMAGES_KEPT', reason: expect.stringContaining('(kept by alice: paper under review)') },
    ]);
    expect(await scene.register.requests.requestsOf(tiny.imageIds.map(BigInt))).toEqual(
      new Map([tiny.imageIds[0], tiny.imageIds[3]].map((id) => [BigInt(id!), 1n])),
    );
  });

  test('a request with a kept image cannot be approved, its other filesets can', async () => {
    await keep(tiny.imageIds[3]!);
    await scene.keptMarks.run();
    const refused = { kind: 'refused', code: 'IMAGES_KEPT', message: expect.stringContaining('paper under review') };
    await expect(scene.register.requests.approve(1n, 'boss')).rejects.toMatchObject(refused);
    const [fileset] = tiny.filesets;
    await scene.register.requests.approve(1n, 'boss', null, { filesets: [`Fileset:${fileset!.id}`] });
    await expect(scene.register.requests.approve(2n, 'boss')).rejects.toMatchObject(refused);
    await scene.register.requests.decline(2n, 'boss', 'kept');
  });

  test('an approved request does not start while an image of it is kept', async () => {
    await keep(tiny.imageIds[0]!);
    await scene.keptMarks.run();
    await scene.starter.run('test');
    expect((await scene.register.requests.get(1n))?.state).toBe('Approved');
    const [event] = await scene.register.reports.events({ requestId: 1n }, 1);
    expect(event).toMatchObject({ what: 'not started', code: 'IMAGES_KEPT' });
  });

  test('are no longer kept after the scan that finds no mark, and kept again later', async () => {
    await lift(tiny.imageIds[0]!);
    expect(await scene.keptMarks.run()).toMatchObject({ marks: 2, lifted: 1 });
    expect((await scene.register.kept.list(10)).map(({ imageId }) => Number(imageId))).toEqual([
      tiny.imageIds[2],
      tiny.imageIds[3],
    ]);
    await keep(tiny.imageIds[0]!);
    await scene.keptMarks.run();
    expect(await scene.register.kept.list(1)).toMatchObject([{ imageId: BigInt(tiny.imageIds[0]!), by: 'alice' }]);
  });

  test('a scan that does not come to its end lifts nothing', async () => {
    for (const id of tiny.imageIds) await lift(id);
    const round = await scene.register.kept.beginRound();
    await scene.register.kept.seen(round, []);
    expect(await scene.register.kept.list(10)).toHaveLength(3);
    expect(await scene.keptMarks.run()).toMatchObject({ marks: 0, lifted: 3 });
  });

  test('a mark by someone who may not mark keeps nothing', async () => {
    const stranger = await scene.add([single('d.tif')], { mark: false, omename: 'mallory' });
    await keep(tiny.imageIds[0]!, stranger.user.id);
    expect(await scene.keptMarks.run()).toMatchObject({
      ...{ marks: 0, lifted: 0, ignoredCount: 1 },
      ignored: [{ code: 'MARK_NOT_ALLOWED', imageId: String(tiny.imageIds[0]) }],
    });
  });
});
