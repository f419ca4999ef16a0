import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { markerName } from '@coldroom/files';
import { pyramidCompanions } from '@coldroom/omero';
import { annotateImages, type TinyOmero } from '@coldroom/sample-omero';
import { Scene } from './testing/scene';
import { Starter } from './starter';

let scene: Scene;
let scenes = 0;
// A database for each test: dropping the previous one may hit a connection that is just being closed.
beforeEach(async () => {
  scene = await Scene.create(`odd_marks_${(scenes += 1)}`);
});
afterEach(() => scene.close());

const oneFile = [{ files: [{ name: 'a.tif', size: 5 }] }];
const requestOf = async (): Promise<bigint> => BigInt((await scene.scan.run('test')).requests[0]!.id);
const nothingRecorded = async (): Promise<void> => {
  expect(await scene.register.requests.list()).toEqual([]);
  expect(await scene.register.reports.files({})).toEqual([]);
  expect(await scene.register.reports.events({})).toEqual([]);
};
/** A file that was added to the fileset after its import. */
async function grow({ id, paths }: TinyOmero['filesets'][number], name: string): Promise<void> {
  await writeFile(join(dirname(paths[0]!), name), 'grown');
  const path = `${dirname(paths[0]!).slice(join(scene.dataDir, 'ManagedRepository').length + 1)}/`;
  const [first] = await scene.sql<{ repo: string }>(
    'SELECT o.repo FROM originalfile o JOIN filesetentry e ON e.originalfile = o.id WHERE e.fileset = $1',
    [id],
  );
  const originalfile = await scene.row('originalfile', { path, name, size: 5, repo: first!.repo });
  await scene.row('filesetentry', { fileset: id, originalfile, fileset_index: 1, clientpath: name });
}
const mirrorAll = async (): Promise<void> => {
  while ((await scene.mirror.run()) > 0);
  expect(await scene.register.marks.pending()).toEqual([]);
};

describe('what is accepted as a mark', () => {
  test('a mark by a person who may not mark is reported, and creates no request', async () => {
    const { imageIds } = await scene.add(oneFile, { mark: false });
    const { user: bob } = await scene.add([], { omename: 'bob' });
    await scene.mark(imageIds, bob.id);
    expect(await scene.scan.run('test')).toMatchObject({
      marks: 1,
      requests: [],
      ignoredCount: 1,
      ignored: [
        {
          code: 'MARK_NOT_ALLOWED',
          imageId: String(imageIds[0]),
          reason: expect.stringMatching(new RegExp(`bob, who asks, is neither the owner of Image:${imageIds[0]}, nor`)),
        },
      ],
    });
    await nothingRecorded();
  });

  test('an annotation that only resembles a mark is none', async () => {
    const { imageIds, user } = await scene.add(oneFile, { mark: false });
    const likeOurs = {
      imageIds,
      ownerId: user.id,
      groupId: user.groupId,
      name: 'TO-ARCHIVE',
      ns: 'archiving',
      description: `Owner : ${user.id} : alice`,
    };
    await annotateImages(scene.omeroUrl, { ...likeOurs, discriminator: '/basic/text/tag/', textvalue: 'TO-ARCHIVE' });
    await annotateImages(scene.omeroUrl, { ...likeOurs, discriminator: '/basic/bool/', boolvalue: true });
    await annotateImages(scene.omeroUrl, {
      ...likeOurs,
      ns: 'openmicroscopy.org/omero/client/mapAnnotation',
      values: [['TO-ARCHIVE', 'True']],
    });
    await annotateImages(scene.omeroUrl, { ...likeOurs, ns: null, values: [['TO-ARCHIVE', 'True']] });
    expect(await scene.scan.run('test')).toMatchObject({ marks: 0, requests: [], ignoredCount: 0 });
    await nothingRecorded();
    await annotateImages(scene.omeroUrl, { ...likeOurs, values: [['TO-ARCHIVE', 'True']] });
    expect(await scene.scan.run('test')).toMatchObject({
      marks: 1,
      requests: [{ requester: 'alice', markedImages: 1 }],
    });
  });

  test('sibling images marked by two people are one request, and another scan creates nothing new', async () => {
    const {
      filesets: [fileset],
      user,
    } = await scene.add([{ files: [{ name: 'a.tif', size: 5 }], images: 2 }], { mark: false });
    const { user: lea } = await scene.add([], { omename: 'lea' });
    await scene.sql('UPDATE groupexperimentermap SET owner = true WHERE child = $1 AND parent = $2', [
      lea.id,
      user.groupId,
    ]);
    const [first, second] = fileset!.imageIds;
    await scene.mark([first!], user.id);
    await scene.mark([second!], lea.id);
    expect(await scene.scan.run('test')).toMatchObject({
      marks: 2,
      ignoredCount: 0,
      known: 1,
      leftOut: [],
      requests: [{ requester: 'alice', markedImages: 1 }],
    });
    const recorded = await scene.register.reports.files({});
    expect(await scene.scan.run('test')).toMatchObject({ marks: 2, known: 2, requests: [], leftOut: [] });
    expect(await scene.register.requests.list()).toMatchObject([{ images: 2, files: 1 }]);
    expect(await scene.register.reports.files({})).toEqual(recorded);
    await mirrorAll();
    for (const image of [first!, second!])
      expect(await scene.marksOf(image)).toEqual(['ARCHIVE NOTE', 'ARCHIVE-PENDING']);
  });

  test('a fileset that shares a file with one in another request is left out, by name', async () => {
    const {
      filesets: [asked, late],
      user,
    } = await scene.add([oneFile[0]!, { files: [{ name: 'b.tif', size: 5 }] }], { mark: false });
    await scene.mark(asked!.imageIds, user.id);
    const request = await requestOf();
    const [entry] = await scene.sql<{ originalfile: bigint }>(
      'SELECT originalfile FROM filesetentry WHERE fileset = $1',
      [asked!.id],
    );
    await scene.row('filesetentry', {
      fileset: late!.id,
      originalfile: entry!.originalfile,
      fileset_index: 1,
      clientpath: 'a.tif',
    });
    await scene.mark(late!.imageIds, user.id);
    expect(await scene.scan.run('test')).toMatchObject({
      requests: [],
      leftOut: [{ code: 'IN_ANOTHER_REQUEST', reason: `Image:${asked!.imageIds[0]} belongs to request ${request}` }],
    });
    expect(await scene.register.requests.list()).toMatchObject([{ id: request, images: 1, files: 1 }]);
  });
});

describe('what prevents a scan', () => {
  test.each(['ManagedRepository', 'Pixels'])('%s without its marker: nothing is recorded', async (root) => {
    await scene.add(oneFile);
    const marker = join(scene.dataDir, root, markerName);
    await rename(marker, `${marker}-away`);
    await expect(scene.scan.run('test')).rejects.toMatchObject({
      code: 'ROOT_UNAVAILABLE',
      kind: 'transient',
      message: expect.stringContaining(join(scene.dataDir, root)),
    });
    await nothingRecorded();
    await rename(`${marker}-away`, marker);
    expect(await scene.scan.run('test')).toMatchObject({ requests: [{ markedImages: 1 }] });
  });

  test('the tree disappearing after a scan that saw it: nothing more is recorded', async () => {
    await scene.add(oneFile);
    await scene.scan.run('test');
    const later = await scene.add([{ files: [{ name: 'b.tif', size: 5 }] }]);
    const [recorded, events] = [await scene.register.reports.files({}), await scene.register.reports.events({})];
    await rename(join(scene.dataDir, 'ManagedRepository'), join(scene.dataDir, 'away'));
    await mkdir(join(scene.dataDir, 'ManagedRepository')); // what is left of a disk that is not mounted
    await expect(scene.scan.run('test')).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
    expect([await scene.register.reports.files({}), await scene.register.reports.events({})]).toEqual([
      recorded,
      events,
    ]);
    expect(await scene.register.requests.requestsOf(later.imageIds.map(BigInt))).toEqual(new Map());
  });

  test('a pyramid that is being written excludes its image until it is complete', async () => {
    const {
      filesets: [busy, idle],
    } = await scene.add([oneFile[0]!, { files: [{ name: 'b.tif', size: 5 }] }]);
    const [pixels] = await scene.sql<{ id: bigint }>('SELECT id FROM pixels WHERE image = $1', [busy!.imageIds[0]]);
    const { directory, lock } = pyramidCompanions(pixels!.id);
    const path = join(scene.dataDir, 'Pixels', directory, lock);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
    expect(await scene.scan.run('test')).toMatchObject({
      requests: [{ markedImages: 2 }],
      leftOut: [
        {
          component: `Fileset:${busy!.id}`,
          code: 'PYRAMID_BEING_WRITTEN',
          reason: expect.stringMatching(new RegExp(`the pyramid of Pixels:${pixels!.id}: there is a .*${lock}`)),
        },
      ],
    });
    expect(await scene.register.reports.files({})).toMatchObject([
      { fileset: `Fileset:${idle!.id}`, state: 'registered' },
    ]);
    await rm(path);
    expect(await scene.scan.run('test')).toMatchObject({ leftOut: [], known: 1, requests: [{ markedImages: 1 }] });
  });
});

describe('what happens after the scan', () => {
  test('a closure that grew needs another approval, and starts then', async () => {
    const {
      filesets: [fileset],
    } = await scene.add(oneFile);
    const request = await requestOf();
    await scene.register.requests.approve(request, 'ada');
    await grow(fileset!, 'grown.tif');
    await scene.starter.run('test');
    expect(await scene.register.requests.get(request)).toMatchObject({ state: 'New', decidedBy: null, files: 2 });
    const reopened = (await scene.register.reports.events({ requestId: request })).find(
      ({ what }) => what === 'reopen',
    );
    expect(reopened).toMatchObject({ from: 'Approved', to: 'New', code: 'CLOSURE_GREW', detail: { added: 1 } });
    expect(scene.log.of('request grew')).toMatchObject([{ requestId: request, grown: 1 }]);
    expect((await scene.register.reports.files({})).map(({ bag, state }) => [bag, state])).toEqual([
      [null, 'registered'],
      [null, 'registered'],
    ]);
    await scene.starter.run('test'); // no one approved it again
    expect(await scene.register.requests.get(request)).toMatchObject({ state: 'New' });
    await scene.register.requests.approve(request, 'ada');
    await scene.starter.run('test');
    expect(await scene.register.requests.get(request)).toMatchObject({ state: 'Running' });
    for (const file of await scene.register.reports.files({}))
      expect(file).toMatchObject({
        state: 'approved',
        store: 'main',
        bag: expect.stringMatching(`^request-${request}-bag-1-`),
      });
  });

  test('a pyramid that is being written after the approval: the request waits, approved', async () => {
    const { imageIds } = await scene.add(oneFile);
    const request = await requestOf();
    await scene.register.requests.approve(request, 'ada');
    const [pixels] = await scene.sql<{ id: bigint }>('SELECT id FROM pixels WHERE image = $1', [imageIds[0]]);
    const { directory, lock } = pyramidCompanions(pixels!.id);
    const path = join(scene.dataDir, 'Pixels', directory, lock);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
    await scene.starter.run('test');
    expect(scene.log.of('request not started')).toMatchObject([
      { requestId: request, code: 'PYRAMID_BEING_WRITTEN', reason: expect.stringContaining(`Pixels:${pixels!.id}`) },
    ]);
    expect(await scene.register.requests.get(request)).toMatchObject({ state: 'Approved' });
    await rm(path);
    await new Starter(scene.register, scene.closures, scene.stores, scene.log).run('test');
    expect(await scene.register.requests.get(request)).toMatchObject({ state: 'Running' });
  });

  test('an image that was deleted since: the others get their marks, and none is left pending', async () => {
    const {
      filesets: [gone, stays],
    } = await scene.add([oneFile[0]!, { files: [{ name: 'b.tif', size: 5 }] }]);
    await scene.scan.run('test');
    const [deleted] = gone!.imageIds;
    await scene.sql('DELETE FROM imageannotationlink WHERE parent = $1', [deleted]);
    await scene.sql('DELETE FROM pixels WHERE image = $1', [deleted]);
    await scene.sql('DELETE FROM image WHERE id = $1', [deleted]);
    await mirrorAll();
    expect(await scene.marksOf(stays!.imageIds[0]!)).toEqual(['ARCHIVE NOTE', 'ARCHIVE-PENDING']);
    expect(await scene.marksOf(deleted!)).toEqual([]);
  });

  test('declining removes the marks, and an image that is marked again is requested again', async () => {
    const { imageIds, user } = await scene.add(oneFile);
    const request = await requestOf();
    await mirrorAll();
    expect(await scene.marksOf(imageIds[0]!)).toEqual(['ARCHIVE NOTE', 'ARCHIVE-PENDING']);
    await scene.register.requests.decline(request, 'ada', 'not yet');
    expect(await scene.register.marks.pending()).toMatchObject([
      { imageId: BigInt(imageIds[0]!), wanted: 'none', written: 'pending', dropNote: true },
    ]);
    await mirrorAll();
    expect(await scene.marksOf(imageIds[0]!)).toEqual([]);
    expect(await scene.register.marks.all()).toEqual([]);
    expect(await scene.register.requests.get(request)).toMatchObject({ state: 'Declined', reason: 'not yet' });
    expect(await scene.scan.run('test')).toMatchObject({ marks: 0, requests: [] });
    await scene.mark(imageIds, user.id);
    expect(await scene.scan.run('test')).toMatchObject({ requests: [{ markedImages: 1 }], leftOut: [] });
    expect((await scene.register.reports.files({})).map(({ state }) => state)).toEqual(['declined', 'registered']);
  });

  test('declining before the request was written to OMERO removes the mark as well', async () => {
    const { imageIds } = await scene.add(oneFile);
    await scene.register.requests.decline(await requestOf(), 'ada', null);
    await mirrorAll();
    expect(await scene.marksOf(imageIds[0]!)).toEqual([]);
    expect(await scene.scan.run('test')).toMatchObject({ marks: 0, requests: [] });
  });
});
