import { askedToMove, crashesOf, expectOnce, movedTo, sealedBags } from './drills';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => { world = await World.create(); });
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  // Carrying is fetching, dressing and copying: it is synced twice, in staging and in the other store.
  ['transfer', [...crashesOf('transfer', ['leave', 'move']), 'fetch:2-dressed', 'copy:3-written', 'copy:4-synced', 'copy:4-synced:2']],
  ['checksum', ['verify:1-read', ...crashesOf('checksum', ['check', 'move'])]],
  // That a bag is durable is told by a step of its own here.
  ['ingest-watcher', crashesOf('ingest-watcher', ['seal', 'settle', 'move']).filter((step) => step !== 'seal:5-durable')],
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
