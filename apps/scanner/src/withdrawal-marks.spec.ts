import { annotateImages, markImages, type TinyOmero } from '@coldroom/sample-omero';
import { Scene } from './testing/scene';

const single = (name: string, images = 1) => ({ files: [{ name, size: 20 }], images });

describe('requests withdrawn by a mark', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.create('withdrawn');
  });
  afterAll(() => scene.close());

  async function withdraw(imageIds: readonly number[], { user }: TinyOmero, ownerId = user.id): Promise<void> {
    await annotateImages(scene.omeroUrl, {
      imageIds,
      ownerId,
      groupId: user.groupId,
      ns: 'archiving',
      discriminator: '/map/',
      name: 'WITHDRAW',
      values: [['WITHDRAW', 'True']],
    });
  }
  const stateOf = async (id: string): Promise<string | undefined> =>
    (await scene.register.requests.get(BigInt(id)))?.state;
  /** As a round of the scanner does it. */
  async function scan() {
    await scene.withdrawalMarks.run();
    return scene.scan.run('test');
  }

  test('before a scan, no request is made, and the image has no mark', async () => {
    const tiny = await scene.add([single('a.tif')]);
    await withdraw(tiny.imageIds, tiny);
    expect(await scan()).toMatchObject({ marks: 0, requests: [] });
    expect(await scene.marksOf(tiny.imageIds[0]!)).toEqual([]);
  });

  test('a part of a New request is declined with its whole fileset, the rest stays New', async () => {
    const tiny = await scene.add([single('b.lif', 2), single('c.tif')]);
    const { requests } = await scan();
    await withdraw([tiny.imageIds[0]!], tiny);
    expect(await scan()).toMatchObject({ requests: [] });
    expect(await stateOf(requests[0]!.id)).toBe('Declined');
    const rest = await scene.register.requests.requestsOf(tiny.imageIds.map(BigInt));
    expect([...rest.keys()].map(Number)).toEqual([tiny.imageIds[2]]);
    expect(await stateOf(String(rest.get(BigInt(tiny.imageIds[2]!))))).toBe('New');
    for (const id of tiny.imageIds.slice(0, 2)) expect([id, await scene.marksOf(id)]).toEqual([id, []]);
    const [event] = await scene.register.reports.events({ requestId: BigInt(requests[0]!.id) }, 1);
    expect(event).toMatchObject({ what: 'withdraw', actor: 'alice' });
  });

  test('an approved request goes on, and the mark is removed', async () => {
    const tiny = await scene.add([single('d.tif')]);
    const { requests } = await scan();
    await scene.register.requests.approve(BigInt(requests[0]!.id), 'boss');
    await withdraw(tiny.imageIds, tiny);
    await scan();
    expect(await stateOf(requests[0]!.id)).toBe('Approved');
    while ((await scene.mirror.run()) > 0);
    expect(await scene.marksOf(tiny.imageIds[0]!)).toEqual(['ARCHIVE NOTE', 'ARCHIVE-PENDING']);
  });

  test('is left alone where the person may not withdraw', async () => {
    const tiny = await scene.add([single('e.tif')]);
    const { requests } = await scan();
    const stranger = await scene.add([single('f.tif')], { mark: false, omename: 'mallory' });
    await withdraw(tiny.imageIds, tiny, stranger.user.id);
    await scan();
    expect(await stateOf(requests[0]!.id)).toBe('New');
    expect(await scene.marksOf(tiny.imageIds[0]!)).toContain('WITHDRAW');
  });

  test('what was written with a mark is in the request, once for each note', async () => {
    const tiny = await scene.add([single('g.tif'), single('h.tif'), single('i.tif'), single('j.tif')], { mark: false });
    const note = { expiry: 10, description: 'Zebrafish, line 7' };
    await markImages(scene.omeroUrl, tiny.imageIds.slice(0, 2), tiny.user.id, note);
    await markImages(scene.omeroUrl, [tiny.imageIds[2]!], tiny.user.id);
    const stranger = await scene.add([single('k.tif')], { mark: false, omename: 'mallory' });
    await annotateImages(scene.omeroUrl, {
      imageIds: tiny.imageIds,
      ownerId: stranger.user.id,
      groupId: tiny.user.groupId,
      ns: 'archiving',
      name: 'ARCHIVE NOTE',
      values: [['Description', 'not of someone who may mark']],
    });
    const { requests } = await scan();
    const id = BigInt(requests[0]!.id);
    expect((await scene.register.requests.notes([id])).get(id)).toEqual([
      { by: 'alice', expiry: '10', description: 'Zebrafish, line 7', reason: '', images: 2 },
      { by: 'alice', expiry: '0', description: '', reason: '', images: 1 },
    ]);
  });
});
