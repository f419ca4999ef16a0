import { retrievalMarks, freezesOf, expectBack, freezeAndTakeOver, sealedBags } from './crash-points';
import type { ServiceName } from './services';
import { Watcher } from './watcher';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create({ hold: '0' });
});
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  ['ingest-watcher', freezesOf('ingest-watcher', ['bring-online'])],
  ['transfer', [...freezesOf('transfer', ['fetch']), 'copy:3-written']],
  ['checksum', freezesOf('checksum', ['verify-fetched'])],
  ['linker', [...freezesOf('linker', ['place']), 'transition:1-before-commit']],
])('a %s frozen past its lease during a retrieval changes nothing when it wakes at', (name, crashPoints) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  test.each(crashPoints)('%s', async (crashPoint) => {
    const requestId = await retrievalMarks(world, name);
    const before = sealedBags(world);
    await freezeAndTakeOver(world, { service: name, crashPoint, requestId, end: 'restored', hold: '0' });
    await expectBack(world, requestId, before);
  });
});

test('the path is the whole file at every moment of a restore, with two sets of services', async () => {
  for (const COLDROOM_QUEUE_PREFIX of ['one', 'other']) world.services.startAll([], { env: { COLDROOM_QUEUE_PREFIX } });
  const names = Array.from({ length: 100 }, (_, index) => `plane-${index}.tif`);
  const { filesets } = await world.lay([{ files: names.map((name) => ({ name, size: 300 })) }]);
  const requestId = await world.approve();
  await world.reached(requestId, 'released');
  const before = sealedBags(world);
  const watcher = new Watcher(filesets.flatMap((fileset) => fileset.paths));
  await world.until('the bag to be free for a person', () =>
    world.register.retrievals.ask({ kind: 'Request', ids: [requestId] }, { way: 'restore', days: 0 }, 'a tester'),
  );
  await world.reached(requestId, 'restored');
  const { rounds, faults } = await watcher.end();
  expect(faults).toEqual([]);
  expect(rounds).toBeGreaterThan(20);
  await world.services.killAll();
  await expectBack(world, requestId, before);
});
