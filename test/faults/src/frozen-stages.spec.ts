import { crashesOf, expectOnce, freezeAndTakeOver, takenBy, twoFilesets } from './drills';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => { world = await World.create(); });
afterAll(() => world.close());
afterEach(() => world.check());

const archiving: readonly ServiceName[] = ['checksum', 'transfer', 'ingest-watcher'];
const prefixes = Object.keys(takenBy) as (keyof typeof takenBy)[];

describe.each(archiving)('a %s frozen past its lease changes nothing when it wakes at', (name) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  // A step that happened is followed by the look whether the claim still holds; the second time adds nothing to that.
  test.each(crashesOf(name, prefixes).filter((step) => !/:2$/.test(step)))('%s', async (step) => {
    const requestId = await world.archive(twoFilesets);
    await freezeAndTakeOver(world, name, step, 'linked', requestId);
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'store', 'link');
  });
});
