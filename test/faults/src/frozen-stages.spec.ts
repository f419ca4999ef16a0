import { crashesOf, expectOnce, freezeAndTakeOver, twoFilesets } from './drills';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  ['checksum', crashesOf('checksum', ['hash', 'verify', 'move'])],
  ['transfer', crashesOf('transfer', ['copy', 'move'])],
  ['ingest-watcher', crashesOf('ingest-watcher', ['seal', 'move'])],
])('a %s frozen past its lease changes nothing when it wakes at', (name, steps) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  // A step that happened is followed by the look whether the claim still holds; the second time adds nothing to that.
  test.each(steps.filter((step) => !/:2$/.test(step)))('%s', async (step) => {
    const requestId = await world.archive(twoFilesets);
    await freezeAndTakeOver(world, name, step, 'linked', requestId);
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'store', 'link');
  });
});
