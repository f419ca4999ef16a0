import { Watcher } from './watcher';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create();
  world.services.startAll();
});
afterAll(() => world.close());

test('the path of an original is the whole file at every moment of linking and restoring', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `plane-${index}.tif`);
  const { filesets } = await world.lay([{ files: names.map((name) => ({ name, size: 300 })) }]);
  const requestId = await world.approve();
  const watcher = new Watcher(filesets.flatMap((fileset) => fileset.paths));
  await world.reached(requestId, 'linked');
  await world.checkAtRest();
  await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
  await world.reached(requestId, 'undone');
  const { rounds, faults } = await watcher.end();
  expect(faults).toEqual([]);
  expect(rounds).toBeGreaterThan(20);
  await world.checkAtRest();
});
