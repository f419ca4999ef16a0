import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markerName } from '@coldroom/files';
import { pyramidCompanions } from '@coldroom/omero';
import type { TinyOmero } from '@coldroom/sample-omero';
import { openStores, parseStores } from '@coldroom/stores';
import { Starter } from './starter';
import { Scene } from './testing/scene';

const single = (name: string, images = 1) => ({ files: [{ name, size: 20 }], images });

describe('starting an approved request', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.create('starter');
  });
  afterAll(() => scene.close());

  /** A request for these filesets, approved. */
  async function approved(
    filesets: Parameters<Scene['add']>[0],
  ): Promise<{ readonly id: bigint; readonly tiny: TinyOmero }> {
    const tiny = await scene.add(filesets);
    const {
      requests: [made],
    } = await scene.scan.run('test');
    const id = BigInt(made!.id);
    await scene.register.requests.approve(id, 'boss');
    return { id, tiny };
  }

  const stateOf = async (id: bigint): Promise<string | undefined> => (await scene.register.requests.get(id))?.state;
  /** A new starter, without the pause that the other keeps after a failure. */
  const start = (): Promise<void> => new Starter(scene.register, scene.closures, scene.stores, scene.log).run('test');
  const newest = (event: string) => scene.log.of(event).at(-1);

  test('what did not change is packed once into bags, under names that cannot be guessed', async () => {
    const { id } = await approved([single('a.tif'), single('b.tif')]);
    await start();
    await start();
    const files = await scene.register.reports.files({ requestId: id });
    expect([await stateOf(id), files.map((file) => file.state)]).toEqual(['Running', ['approved', 'approved']]);
    expect(files[0]?.bag).toMatch(new RegExp(`^request-${id}-bag-1-[0-9a-f]{12}$`));
    expect(files[1]?.bag).toBe(files[0]?.bag);
  });

  test('uses the store that was named at the approval, else that of its group, else the default', async () => {
    const storeOf = async (id: bigint): Promise<string | null | undefined> =>
      (await scene.register.reports.files({ requestId: id }))[0]?.store;
    const [group] = await scene.sql<{ name: string }>(
      'SELECT g.name FROM experimentergroup g JOIN image i ON i.group_id = g.id ORDER BY i.id DESC LIMIT 1',
    );
    const plain = (name: string): object => ({ kind: 'file', directory: `/nowhere/${name}`, sameFileSystem: true });
    const stores = openStores(
      parseStores({
        default: 'main',
        groups: { [group!.name]: 'tape' },
        stores: { main: plain('main'), tape: plain('tape'), cloud: plain('cloud') },
      }),
      { files: scene.files, omeroRoots: [] },
    );
    const startThere = (): Promise<void> => new Starter(scene.register, scene.closures, stores, scene.log).run('test');
    const first = await approved([single('by its group.tif')]);
    await startThere();
    const {
      requests: [made],
    } = await scene.add([single('by name.tif')]).then(() => scene.scan.run('test'));
    await scene.register.requests.approve(BigInt(made!.id), 'boss', 'cloud');
    await startThere();
    expect([await storeOf(first.id), await storeOf(BigInt(made!.id))]).toEqual(['tape', 'cloud']);
  });

  test('a closure that grew needs a new decision: by a file, an image or a fileset sharing a file', async () => {
    for (const grow of ['file', 'image', 'fileset'] as const) {
      const { id, tiny } = await approved([single(`${grow}.tif`)]);
      const [fileset] = tiny.filesets;
      const other = await scene.add([single(`${grow} came later.tif`)], { mark: false });
      const [entry] = await scene.sql<{ originalfile: bigint }>(
        'SELECT originalfile FROM filesetentry WHERE fileset = $1',
        [other.filesets[0]!.id],
      );
      if (grow === 'image')
        await scene.sql('UPDATE image SET fileset = $1 WHERE id = $2', [fileset!.id, other.imageIds[0]]);
      else
        await scene.row('filesetentry', {
          fileset: fileset!.id,
          fileset_index: 1,
          clientpath: 'x',
          originalfile: entry!.originalfile,
        });
      if (grow === 'file') await scene.sql('DELETE FROM filesetentry WHERE fileset = $1', [other.filesets[0]!.id]);

      await start();

      expect([grow, await stateOf(id)]).toEqual([grow, 'New']);
      const [event] = (await scene.register.reports.events({ requestId: id })).filter(({ what }) => what === 'reopen');
      expect(event).toMatchObject({ from: 'Approved', to: 'New', code: 'CLOSURE_GREW' });
      expect(newest('request grew')).toMatchObject({ requestId: id, next: 'it has to be approved again' });
      expect((await scene.register.reports.files({ requestId: id })).every((file) => file.bag === null)).toBe(true);
      await scene.register.requests.approve(id, 'boss');
      await start();
      expect([grow, await stateOf(id)]).toEqual([grow, 'Running']);
    }
  });

  test('a part that cannot be inspected now blocks the request and says why; nothing is packed', async () => {
    const { id, tiny } = await approved([single('busy.tif'), single('idle.tif')]);
    const [{ id: pixels }] = (await scene.sql<{ id: bigint }>('SELECT id FROM pixels WHERE image = $1', [
      tiny.imageIds[0],
    ])) as [{ id: bigint }];
    const { directory, lock } = pyramidCompanions(pixels);
    await mkdir(join(scene.dataDir, 'Pixels', directory), { recursive: true });
    await writeFile(join(scene.dataDir, 'Pixels', directory, lock), '');

    await start();
    await start();

    expect(await stateOf(id)).toBe('Approved');
    const told = (await scene.register.reports.events({ requestId: id })).filter(({ what }) => what === 'not started');
    expect(told.map(({ code }) => code)).toEqual(['PYRAMID_BEING_WRITTEN']); // once, however often it is checked
    expect(newest('request not started')).toMatchObject({
      requestId: id,
      code: 'PYRAMID_BEING_WRITTEN',
      reason: expect.stringContaining(`Pixels:${pixels}`),
    });
    expect((await scene.register.reports.files({ requestId: id })).map((file) => file.state)).toEqual([
      'registered',
      'registered',
    ]);
    await rm(join(scene.dataDir, 'Pixels', directory, lock));
    await start();
    expect(await stateOf(id)).toBe('Running');
  });

  test('a fileset that now shares a file with another request or has one elsewhere is not started', async () => {
    const { id, tiny } = await approved([single('one.tif')]);
    const other = await scene.add([single('two.tif')]);
    await scene.scan.run('test');
    const [entry] = await scene.sql<{ originalfile: bigint }>(
      'SELECT originalfile FROM filesetentry WHERE fileset = $1',
      [other.filesets[0]!.id],
    );
    const shared = await scene.row('filesetentry', {
      fileset: tiny.filesets[0]!.id,
      fileset_index: 1,
      clientpath: 'x',
      originalfile: entry!.originalfile,
    });
    await start();
    expect([await stateOf(id), newest('request not started')]).toMatchObject([
      'Approved',
      { code: 'IN_ANOTHER_REQUEST', reason: expect.stringContaining(`Image:${other.imageIds[0]}`) },
    ]);
    await scene.sql('DELETE FROM filesetentry WHERE id = $1', [shared]);
    await scene.sql(
      `UPDATE originalfile SET repo = 'ScriptRepo' WHERE id = (SELECT originalfile FROM filesetentry WHERE fileset = $1)`,
      [tiny.filesets[0]!.id],
    );
    await start();
    expect([await stateOf(id), newest('request not started')]).toMatchObject(['Approved', { code: 'FILES_ELSEWHERE' }]);
    await scene.sql(`UPDATE originalfile SET repo = $1 WHERE repo = 'ScriptRepo'`, [tiny.managedUuid]);
    await start();
    expect(await stateOf(id)).toBe('Running');
  });

  test('images all deleted in OMERO since: the approved files become stuck by name, nothing hangs', async () => {
    const { id, tiny } = await approved([single('deleted.tif')]);
    await scene.sql('DELETE FROM image WHERE id = $1', [tiny.imageIds[0]]);
    await scene.sql('DELETE FROM filesetentry WHERE fileset = $1', [tiny.filesets[0]!.id]);
    await rm(tiny.filesets[0]!.paths[0]!);
    await start();
    // The checksum service finds that the file is gone and reports it; its own test covers that.
    expect(await stateOf(id)).toBe('Running');
    expect((await scene.register.reports.files({ requestId: id })).map((file) => file.state)).toEqual(['approved']);
  });

  test('a request of which no file can be accepted ends at once, and its images are free again', async () => {
    const { id, tiny } = await approved([{ files: [{ name: 'elsewhere.tif', size: 5, place: 'symlink' }] }]);
    await start();
    expect([await stateOf(id), await scene.register.requests.requestsOf([BigInt(tiny.imageIds[0]!)])]).toEqual([
      'Finished',
      new Map(),
    ]);
  });

  test('one request that cannot be started does not block the others; it is left alone for a while', async () => {
    const { user } = await scene.add([], { mark: false });
    const legacy = await scene.row('image', { name: 'legacy', series: 0, owner_id: user.id, group_id: user.groupId });
    const pixels = await scene.row('pixels', {
      image: legacy,
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
    const original = await scene.row('originalfile', { name: 'old.dv', path: '/', repo: null, size: 3 });
    await scene.row('pixelsoriginalfilemap', { parent: original, child: pixels });
    await writeFile(join(scene.dataDir, 'Files', String(original)), 'old');
    await scene.mark([Number(legacy)], user.id);
    const {
      requests: [first],
    } = await scene.scan.run('test');
    await scene.register.requests.approve(BigInt(first!.id), 'boss');
    const { id: second } = await approved([single('fine.tif')]);
    const marker = join(scene.dataDir, 'Files', markerName);
    await rename(marker, `${marker}.away`);
    const starter = new Starter(scene.register, scene.closures, scene.stores, scene.log);

    await starter.run('test');

    expect([await stateOf(BigInt(first!.id)), await stateOf(second)]).toEqual(['Approved', 'Running']);
    expect(newest('request not started')).toMatchObject({
      requestId: BigInt(first!.id),
      code: 'ROOT_UNAVAILABLE',
      reason: expect.stringContaining('Files'),
    });
    await rename(`${marker}.away`, marker);
    await starter.run('test');
    expect(await stateOf(BigInt(first!.id))).toBe('Approved');
    await start();
    expect(await stateOf(BigInt(first!.id))).toBe('Running');
  });
});
