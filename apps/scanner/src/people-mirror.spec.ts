import { RetrievalMarks } from './retrieval-marks';
import { ImportMarks } from './import-marks';
import { PeopleMirror } from './people-mirror';
import { Scans } from './scans';
import { Scene } from './testing/scene';
import { UsageRecord } from './usage-record';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.create('people');
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

test('each scan mirrors the users and groups of OMERO', async () => {
  await scene.add([{ files: [{ name: 'a.tif', size: 20 }] }]);
  await scan();
  expect(await scene.register.people.byLogin('alice')).toMatchObject({ active: true });
  expect(await scene.register.people.lastRead()).toMatchObject({ readAt: expect.any(Date), failed: null });
  await scene.sql("UPDATE experimenter SET omename = 'alicia', email = 'alicia@example.org' WHERE omename = 'alice'");
  await scan();
  expect(await scene.register.people.byLogin('alicia')).toMatchObject({ email: 'alicia@example.org' });
});

test('if people cannot be read, the scan goes on, the reason is recorded and what is known stays', async () => {
  await scene.sql('ALTER TABLE experimenter RENAME COLUMN email TO mail');
  try {
    const { imageIds } = await scene.add([{ files: [{ name: 'b.tif', size: 20 }] }], { omename: 'alicia' });
    const id = await scan();
    expect(await scene.register.scans.get(id)).toMatchObject({ failed: null });
    expect((await scene.register.requests.requestsOf(imageIds.map(BigInt))).size).toBe(1);
    expect(await scene.register.people.byLogin('alicia')).toMatchObject({ email: 'alicia@example.org' });
    expect((await scene.register.people.lastRead()).failed).toMatch(/email/);
  } finally {
    await scene.sql('ALTER TABLE experimenter RENAME COLUMN mail TO email');
  }
});
