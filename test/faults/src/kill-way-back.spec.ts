import { askedBack, crashesOf, expectBack, sealedBags } from './drills';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => { world = await World.create({ hold: '0' }); });
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  ['ingest-watcher', crashesOf('ingest-watcher', ['near', 'move'])],
  // Fetching is copying into another place.
  ['transfer', crashesOf('transfer', ['copy', 'fetch', 'move'])],
  ['checksum', ['verify:1-read', ...crashesOf('checksum', ['prove', 'move'])]],
  ['linker', crashesOf('linker', ['place', 'move'])],
])('a %s killed on the way back at', (name, steps) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  test.each(steps)('%s: the next one ends it', async (step) => {
    const requestId = await askedBack(world, name);
    const before = sealedBags(world);
    await expect(world.start(name, { crashAt: step }).exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    await world.check();
    const next = world.start(name);
    await world.reached(requestId, 'restored');
    await next.kill();
    await expectBack(world, requestId, before);
  });
});
