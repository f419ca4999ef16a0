import { crashPoints } from '@coldroom/domain';
import { crashesOf, expectOnce, takenBy, twoFilesets } from './crash-points';
import { archivedMarks } from './omero';
import { serviceNames } from './services';
import { World } from './world';

test('every crash point belongs to a service whose tests cover all of its crash points', () => {
  const crashed = new Set(
    serviceNames.flatMap((name) => crashesOf(name, Object.keys(takenBy) as (keyof typeof takenBy)[])),
  );
  expect([...crashed].filter((crashPoint) => !/:2$/.test(crashPoint)).sort()).toEqual(
    crashPoints
      .filter(
        (crashPoint) => !/^(decide|retrieve|order|mail|backup|adopt|pull|upload|import(-[a-z]+)?):/.test(crashPoint),
      )
      .sort(),
  );
});

describe('a scanner killed at', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    world.services.startAll(['scanner']);
  });
  afterAll(() => world.close());
  afterEach(() => world.check());

  test.each(crashesOf('scanner', ['scan']))('%s: the next one finishes it', async (crashPoint) => {
    const images = (await world.lay(twoFilesets)).imageIds;
    const next = world.start('scanner', { crashAt: crashPoint }).exited.then(async ({ signal }) => {
      expect(signal).toBe('SIGKILL');
      await world.check();
      return world.start('scanner');
    });
    const requestId = await world.approve();
    await world.reached(requestId, 'linked');
    const scanner = await next;
    await world.until('all marks written', async () => (await world.register.marks.pending()).length === 0);
    await scanner.kill();
    await world.checkAtRest();
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
    expect(await archivedMarks(world.omeroUrl, images)).toEqual(
      images.map((imageId) => ({ imageId, archived: true, marks: ['ARCHIVE NOTE', 'ARCHIVED'] })),
    );
    expect(await world.register.requests.list({ states: ['New', 'Approved', 'Running', 'Error'] })).toEqual([]);
  });
});
