import { freezesOf, expectOnce, freezeAndTakeOver, twoFilesets } from './crash-points';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  ['checksum', freezesOf('checksum', ['hash', 'verify', 'transition'])],
  ['transfer', freezesOf('transfer', ['copy', 'transition'])],
  ['ingest-watcher', freezesOf('ingest-watcher', ['seal', 'transition'])],
])('a %s frozen past its lease changes nothing when it wakes at', (name, crashPoints) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  // A completed step is followed by the check of the claim; a second occurrence adds nothing to that.
  test.each(crashPoints.filter((crashPoint) => !/:2$/.test(crashPoint)))('%s', async (crashPoint) => {
    const requestId = await world.archive(twoFilesets);
    await freezeAndTakeOver(world, { service: name, crashPoint, requestId, end: 'linked' });
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
  });
});
