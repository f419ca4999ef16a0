import { askedBack, crashesOf, expectBack, killedAtEach, sealedBags } from './drills';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create({ hold: '0' });
});
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  ['ingest-watcher', crashesOf('ingest-watcher', ['near', 'move'])],
  // Fetching is copying into another place.
  ['transfer', crashesOf('transfer', ['copy', 'fetch', 'move'])],
  ['checksum', ['verify:1-read', ...crashesOf('checksum', ['prove', 'move'])]],
  ['linker', crashesOf('linker', ['place', 'move'])],
])('a %s killed on the way back', (name, steps) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  test(`${steps.join(', ')}, one after the other: the last one ends it`, async () => {
    const requestId = await askedBack(world, name);
    const before = sealedBags(world);
    await killedAtEach(world, name, steps);
    const next = world.start(name);
    await world.reached(requestId, 'restored');
    await next.kill();
    await expectBack(world, requestId, before);
  });
});
