import { RetrievalMarks } from './retrieval-marks';
import { ImportMarks } from './import-marks';
import { PeopleMirror } from './people-mirror';
import { Scans } from './scans';
import { Scene } from './testing/scene';
import { UsageRecord } from './usage-record';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.create('usage');
});
afterAll(() => scene.close());

async function scan(): Promise<bigint> {
  const { omero, register, log } = scene;
  const scans = new Scans(
    scene.keptMarks,
    scene.withdrawalMarks,
    scene.scan,
    new RetrievalMarks(omero, register, log),
    new ImportMarks(omero, register, null, log),
    new PeopleMirror(omero, register, log),
    new UsageRecord(omero, register, log),
    register,
    log,
  );
  const id = await register.scans.ask('test');
  await scans.run('test', new AbortController().signal);
  return id;
}

const today = async () => (await scene.register.usage.days(undefined, new Date(Date.now() - 86_400_000))).at(-1);
/** As if the time to wait were over. */
const due = () => scene.register.usage.omero.mirrorFailed('not yet', 0);

test('a scan records what is in OMERO, and the totals of the day once', async () => {
  await scene.add([
    {
      files: [
        { name: 'a.tif', size: 20 },
        { name: 'a.xml', size: 3 },
      ],
    },
  ]);
  await scan();
  const { usage } = scene.register;
  expect(await usage.omero.lastRead()).toMatchObject({ readAt: expect.any(Date), failed: null });
  expect(await usage.omero.amounts()).toMatchObject([
    { owner: 'alice', sizeClass: 0, filesets: 1n, files: 2n, bytes: 23n },
  ]);
  expect(await today()).toMatchObject({ archivedFiles: 0, heldBytes: 0n, omeroBytes: 23n });
  await scene.add([{ files: [{ name: 'b.tif', size: 7 }] }]);
  await due();
  await scan();
  expect(await today()).toMatchObject({ omeroBytes: 30n });
  expect(await usage.days(undefined, new Date(0))).toHaveLength(1);
});

test('where OMERO refuses, the scan goes on, the reason is recorded and what is known stays', async () => {
  await scene.sql('ALTER TABLE image RENAME COLUMN creation_id TO created');
  try {
    await due();
    const id = await scan();
    expect(await scene.register.scans.get(id)).toMatchObject({ failed: null });
    const { usage } = scene.register;
    expect((await usage.omero.lastRead()).failed).toMatch(/creation_id/);
    expect(await usage.omero.amounts()).toMatchObject([{ bytes: 30n }]);
    expect(await today()).toMatchObject({ omeroBytes: null });
  } finally {
    await scene.sql('ALTER TABLE image RENAME COLUMN created TO creation_id');
  }
});

test('it is not read again before its time', async () => {
  const { usage } = scene.register;
  await usage.omero.mirror({ filesets: [], projects: [] }, 60_000);
  await scan();
  expect(await usage.omero.amounts()).toEqual([]);
});
