import { crashesOf, expectOnce, killedAtEach, twoFilesets } from './crash-points';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
afterEach(() => world.check());
afterAll(() => world.close());
beforeAll(async () => {
  world = await World.create();
});

// Hashing and verifying both read: the originals, and then their copies.
const hashing = [...crashesOf('checksum', ['verify']), ...crashesOf('checksum', ['hash', 'transition'])];
const verifying = crashesOf('checksum', ['verify', 'transition']);

describe.each<[ServiceName, readonly string[]]>([
  ['checksum', [...hashing, ...verifying]],
  ['transfer', crashesOf('transfer', ['copy', 'transition'])],
  ['ingest-watcher', crashesOf('ingest-watcher', ['seal', 'transition'])],
])('a %s killed', (name, crashPoints) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  test(`${crashPoints.join(', ')}, one after the other: the last one ends it`, async () => {
    const requestId = await world.archive(twoFilesets);
    await killedAtEach(world, name, crashPoints);
    const next = world.start(name);
    await world.reached(requestId, 'linked');
    await next.kill();
    await world.checkAtRest();
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
  });
});
