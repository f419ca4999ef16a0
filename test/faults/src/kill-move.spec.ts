import { askedToMove, crashesOf, everySecond, expectOnce, killedAtEach, movedTo, sealedBags } from './crash-points';
import type { ServiceName } from './services';
import { fileStore } from './store-kinds';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create({ other: fileStore });
});
afterAll(() => world.close());
afterEach(() => world.check());

describe.each<[ServiceName, readonly string[]]>([
  // A move fetches, sets attributes and copies: it syncs twice, in staging and in the other store.
  [
    'transfer',
    [
      'fetch:2-attributes-set',
      'copy:3-written',
      'copy:4-synced',
      'copy:4-synced:2',
      ...crashesOf('transfer', ['move-copy', 'transition']),
    ],
  ],
  ['checksum', ['verify:1-read', ...crashesOf('checksum', ['move-verify', 'transition'])]],
  // That a bag is durable is recorded by a step of its own here.
  [
    'ingest-watcher',
    crashesOf('ingest-watcher', ['seal', 'move-seal', 'transition']).filter(
      (crashPoint) => crashPoint !== 'seal:5-durable',
    ),
  ],
  ['linker', crashesOf('linker', ['move-link', 'transition'])],
])('a %s killed while it moves bags', (name, crashPoints) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  const some = everySecond(crashPoints);
  test(`${some.join(', ')}, one after the other: the last one ends it`, async () => {
    const requestId = await askedToMove(world, name);
    const before = sealedBags(world);
    await killedAtEach(world, name, some);
    const next = world.start(name);
    await movedTo(world, requestId, 'other');
    await next.kill();
    await world.checkAtRest();
    expect(sealedBags(world)).toEqual(before);
    await expectOnce(world, requestId, 'link', 'move', 'moveCopy', 'moveVerify', 'moveSeal', 'moveLink');
  });
});
