import { expectOnce, twoFilesets } from './crash-points';
import type { ServiceName } from './services';
import { World } from './world';

const once = ['hash', 'copy', 'verify', 'store', 'link'];
const path: readonly (readonly [from: string, service: ServiceName, to: string])[] = [
  ['approved', 'checksum', 'hashed'],
  ['hashed', 'transfer', 'copied'],
  ['copied', 'checksum', 'verified'],
  ['verified', 'ingest-watcher', 'sealed'],
  ['sealed', 'linker', 'linked'],
  ['undoing', 'linker', 'undone'],
];

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

test('Redis emptied in every state loses no work', async () => {
  world.start('scanner');
  const requestId = await world.archive(twoFilesets);
  for (const [from, service, to] of path) {
    if (from === 'undoing')
      await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
    await world.reached(requestId, from);
    await world.servers.flushRedis();
    const running = world.start(service);
    await world.reached(requestId, to);
    await running.kill();
    await world.check();
  }
  await world.checkAtRest();
  await expectOnce(world, requestId, ...once, 'undo');
});

test('Redis emptied again and again under all services loses no work', async () => {
  world.services.startAll();
  const requestId = await world.archive(twoFilesets);
  await world.until('the request to be linked', async () => {
    await world.servers.flushRedis();
    return (await world.filesOf(requestId)).every((file) => file.state === 'linked');
  });
  await world.checkAtRest();
  await expectOnce(world, requestId, ...once);
});

test.each<[string, (world: World) => Promise<void>]>([
  ['PostgreSQL', (one) => one.servers.restartPostgres()],
  ['Redis', (one) => one.servers.restartRedis()],
])('%s restarted in the middle, twice, loses no work and ends no service', async (_name, restart) => {
  world.services.startAll();
  const requestIds: bigint[] = [];
  for (const states of [
    ['approved', 'hashed', 'copied', 'verified'],
    ['sealed', 'linked'],
  ]) {
    const requestId = await world.archive(twoFilesets);
    requestIds.push(requestId);
    await world.until(`a file to be ${states.join(' or ')}`, async () =>
      (await world.filesOf(requestId)).some((file) => states.includes(file.state)),
    );
    await restart(world);
    await world.check();
  }
  for (const requestId of requestIds) {
    await world.reached(requestId, 'linked');
    await expectOnce(world, requestId, ...once);
  }
  await world.checkAtRest();
  expect(world.services.lines.filter((line) => line.includes(': ended with'))).toEqual([]);
});
