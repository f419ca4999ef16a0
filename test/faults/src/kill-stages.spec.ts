import { crashesOf, expectOnce, twoFilesets } from './drills';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
afterEach(() => world.check());
afterAll(() => world.close());
beforeAll(async () => { world = await World.create(); });

/** Kills a service at a step of its work on a fresh request, and has another one end what it began. */
async function crashAndGoOn(name: ServiceName, step: string): Promise<void> {
  const drilled = world.start(name, { crashAt: step });
  const requestId = await world.archive(twoFilesets);
  await expect(drilled.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
  await world.check();
  const next = world.start(name);
  await world.reached(requestId, 'linked');
  await next.kill();
  await world.checkAtRest();
  await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'store', 'link');
}

describe.each<[ServiceName, readonly string[]]>([
  // Reading is a step of hashing and of verifying: the files of the request, and then their copies.
  ['checksum', [...crashesOf('checksum', ['hash', 'verify', 'move']), 'verify:1-read:6', 'verify:1-read:7', 'move:1-before-commit:2', 'move:2-after-commit:2']],
  ['transfer', crashesOf('transfer', ['copy', 'move'])],
  ['ingest-watcher', crashesOf('ingest-watcher', ['seal', 'move'])],
])('a %s killed at', (name, steps) => {
  beforeAll(() => void world.services.startAll([name]));
  afterAll(() => world.services.killAll());

  test.each(steps)('%s: the next one ends it', (step) => crashAndGoOn(name, step));
});
