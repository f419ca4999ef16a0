import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes } from '@coldroom/runtime';
import { expectOnce, twoFilesets } from './crash-points';
import { said, type ServiceName } from './services';
import { World } from './world';

const once = ['hash', 'copy', 'verify', 'seal', 'link'];
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

test('SIGTERM while Redis is unavailable ends every service within seconds, with log lines only', async () => {
  const services = world.services.startAll();
  const requestId = await world.archive(twoFilesets);
  await world.reached(requestId, 'linked');
  world.servers.loseRedis();
  await sleep(1500); // a sweep, and some attempts to connect
  const exits = await Promise.all(services.map((service) => service.stop(10_000)));
  expect(exits.filter(({ signal }) => signal === 'SIGKILL')).toEqual([]);
  expect(world.services.lines.filter((line) => !/^[\w-]+: (\{"time"|ended with)/.test(line))).toEqual([]);
  await world.check();
});

test('a service that finds no Redis at its start reports it and exits as temporarily failed', async () => {
  world.servers.loseRedis();
  const transfer = world.start('transfer');
  await said(transfer, '"REDIS_UNAVAILABLE"');
  expect(await transfer.exited).toEqual({ code: exitCodes.temporary, signal: null });
  expect(transfer.lines.filter((line) => !line.startsWith('{"time"'))).toEqual([]);
});
