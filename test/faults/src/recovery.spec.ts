import { disaster, recover } from './recovery';
import { arkivumStore, fileStore, type StoreKind } from './store-kinds';
import { World } from './world';

describe.each<[string, StoreKind]>([
  ['a file store', fileStore],
  ['an Arkivum appliance', arkivumStore],
])('register, queues and marks are lost; of %s', (_name, store) => {
  let world: World;
  beforeEach(async () => {
    world = await World.create({ store });
  });
  afterEach(() => world.close());

  test('everything is restored', async () => {
    await recover(world, await disaster(world));
  });
});
