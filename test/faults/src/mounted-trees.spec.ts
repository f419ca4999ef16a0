import { describeOn, type MountKind } from '@coldroom/files/testing';
import { twoFilesets } from './crash-points';
import { World } from './world';

// Both show the old attributes of a file for a second after a hard link of ours, and neither can exchange names.
for (const kind of ['bindfs', 'mergerfs'] satisfies MountKind[])
  describeOn(kind, `OMERO's files and the store on ${kind}`, () => {
    let world: World;
    afterEach(() => world.close());

    test('are archived and given back by an undo', async () => {
      world = await World.create({ mounts: { OMERO: kind, store: kind } });
      world.services.startAll();
      const requestId = await world.archive(twoFilesets);
      await world.reached(requestId, 'linked');
      await world.checkAtRest();
      await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
      await world.reached(requestId, 'undone');
      await world.checkAtRest();
    }, 120_000);

    test('are released and restored', async () => {
      world = await World.create({ hold: '0', mounts: { OMERO: kind, store: kind } });
      world.services.startAll();
      const requestId = await world.archive(twoFilesets);
      await world.reached(requestId, 'released');
      await world.checkAtRest();
      await world.until('the bag to be free for a person', () =>
        world.register.retrievals.ask({ kind: 'Request', ids: [requestId] }, { way: 'restore', days: 0 }, 'a tester'),
      );
      await world.reached(requestId, 'restored');
      await world.checkAtRest();
    }, 120_000);
  });
