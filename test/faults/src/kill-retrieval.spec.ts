import { crashesOf, everySecond, expectBack, killedAtEach, retrievalMarks, sealedBags } from './crash-points';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create({ hold: '0' });
});
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  ['ingest-watcher', crashesOf('ingest-watcher', ['bring-online', 'transition'])],
  // Fetching is copying to another location.
  ['transfer', crashesOf('transfer', ['copy', 'fetch', 'transition'])],
  ['checksum', ['verify:1-read', ...crashesOf('checksum', ['verify-fetched', 'transition'])]],
  ['linker', crashesOf('linker', ['place', 'transition'])],
])('a %s killed during a retrieval', (name, crashPoints) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  const some = everySecond(crashPoints);
  test(`${some.join(', ')}, one after the other: the last one ends it`, async () => {
    const requestId = await retrievalMarks(world, name);
    const before = sealedBags(world);
    await killedAtEach(world, name, some);
    const next = world.start(name);
    await world.reached(requestId, 'restored');
    await next.kill();
    await expectBack(world, requestId, before);
  });
});
