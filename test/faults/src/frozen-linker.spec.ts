import { freezesOf, expectOnce, freezeAndTakeOver, twoFilesets } from './crash-points';
import { serviceNames } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.close());
afterEach(() => world.check());

describe('a linker frozen past its lease changes nothing when it wakes at', () => {
  beforeAll(() => void world.services.startAll(['linker']));
  afterAll(() => world.services.killAll());

  test.each(freezesOf('linker', ['link', 'transition']))('%s while linking', async (crashPoint) => {
    const requestId = await world.archive(twoFilesets);
    await freezeAndTakeOver(world, { service: 'linker', crashPoint, requestId, end: 'linked' });
  });

  test.each(freezesOf('linker', ['release']))('%s while it frees space', async (crashPoint) => {
    const requestId = await world.archive(twoFilesets);
    await freezeAndTakeOver(world, { service: 'linker', crashPoint, requestId, end: 'released', hold: '0' });
  });

  test.each(freezesOf('linker', ['undo']))('%s while it restores', async (crashPoint) => {
    const requestId = await world.archive(twoFilesets);
    const first = world.start('linker');
    await world.reached(requestId, 'linked');
    await first.kill();
    await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
    await freezeAndTakeOver(world, { service: 'linker', crashPoint, requestId, end: 'undone' });
  });
});

test('every bag given to two workers at once is worked on once in effect', async () => {
  // Two sets of services with separate queues: every bag is delivered twice.
  for (const COLDROOM_QUEUE_PREFIX of ['one', 'other']) world.services.startAll([], { env: { COLDROOM_QUEUE_PREFIX } });
  const requestIds = [await world.archive(twoFilesets), await world.archive(twoFilesets)];
  for (const requestId of requestIds) {
    await world.reached(requestId, 'linked');
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
  }
  await world.asPerson((people) => people.undo({ kind: 'Request', ids: requestIds }, 'a tester'));
  for (const requestId of requestIds) await world.reached(requestId, 'undone');
  await world.services.killAll();
  await world.checkAtRest();
  expect(
    serviceNames.every(
      (name) =>
        world.services.lines.filter((line) => line.startsWith(`${name}: `) && line.includes('"started"')).length >= 2,
    ),
  ).toBe(true);
});
