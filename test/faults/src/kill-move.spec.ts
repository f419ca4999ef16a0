import { askedToMove, crashesOf, expectOnce, movedTo, sealedBags } from './drills';
import type { ServiceName } from './services';
import { twoStores } from './store-kinds';
import { World } from './world';

let world: World;
beforeAll(async () => { world = await World.create({ store: twoStores }); });
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  // Carrying is fetching and copying, and so takes the steps of both.
  ['transfer', [...crashesOf('transfer', ['leave', 'fetch', 'move']), 'copy:3-written:2', 'copy:4-synced:2']],
  ['checksum', ['verify:1-read', ...crashesOf('checksum', ['check', 'move'])]],
  ['ingest-watcher', crashesOf('ingest-watcher', ['seal', 'settle', 'move'])],
  ['linker', crashesOf('linker', ['relink', 'move'])],
])('a %s killed while it moves bags at', (name, steps) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  test.each(steps)('%s: the next one ends it', async (step) => {
    const requestId = await askedToMove(world, name);
    const before = sealedBags(world);
    await expect(world.start(name, { crashAt: step }).exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    await world.check();
    const next = world.start(name);
    await movedTo(world, requestId, 'other');
    await next.kill();
    await world.checkAtRest();
    expect(sealedBags(world)).toEqual(before);
    await expectOnce(world, requestId, 'link', 'move', 'carry', 'match', 'settle', 'relink');
  });
});
