import { describeOddFs } from '@coldroom/odd-fs';
import { twoFilesets } from '../crash-points';
import { inFull, OddWorld, type Place } from './odd-world';
import { restoreOf } from './walk';

/* File systems whose inode numbers are others after each mount (FUSE pools, some NFS and SMB servers). */

const shift = 5_000_000;

inFull('other inode numbers after a remount', (name) =>
  describeOddFs(name, () => {
    let odd: OddWorld;
    beforeEach(async () => {
      odd = await OddWorld.create();
    });
    afterEach(() => odd.world.close());

    /** Archives until the copies are sealed; all services are stopped then. */
    async function sealed(): Promise<bigint> {
      const { world } = odd;
      world.services.startAll(['linker']);
      const requestId = await world.archive(twoFilesets);
      await world.reached(requestId, 'sealed');
      await world.services.killAll();
      return requestId;
    }

    async function remount(place: Place): Promise<void> {
      const { world } = odd;
      odd.at(place).unmount();
      odd.set(place, { inodeShift: shift });
      odd.at(place).mountAgain();
      if (place === 'tree')
        for (const [path, then] of world.frozen) world.frozen.set(path, { ...then, ino: then.ino + BigInt(shift) });
      world.services.startAll();
    }

    const retry = (requestId: bigint): Promise<unknown> =>
      odd.world.asPerson((people) =>
        people.retry({ kind: 'Request', ids: [requestId] }, (nr) => `retry-${nr}`, 'a tester'),
      );

    async function thereAndBack(requestId: bigint): Promise<void> {
      const { world } = odd;
      await world.reached(requestId, 'released');
      await restoreOf(world, requestId);
      await world.reached(requestId, 'restored');
      await world.checkAtRest();
    }

    it('of originals whose copies are sealed: none is replaced, and an undo ends it', async () => {
      const { world } = odd;
      const requestId = await sealed();
      await remount('tree');
      await world.stuck(requestId, 'ORIGINAL_CHANGED');
      await world.reached(requestId, 'stuck');
      await world.check();
      await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
      await world.reached(requestId, 'undone');
      await world.checkAtRest();
    });

    it('of originals that are hashed: they are stuck as changed, and a retry archives them', async () => {
      const { world } = odd;
      world.services.startAll(['linker', 'transfer']);
      const requestId = await world.archive(twoFilesets);
      await world.reached(requestId, 'hashed');
      await world.services.killAll();
      await remount('tree');
      await world.stuck(requestId, 'SOURCE_CHANGED');
      await world.reached(requestId, 'stuck');
      await retry(requestId);
      await thereAndBack(requestId);
    });

    it('of copies that are being archived: no link is placed before they are read again', async () => {
      const { world } = odd;
      const requestId = await sealed();
      await remount('store');
      await world.stuck(requestId, 'COPY_CHANGED');
      await world.reached(requestId, 'stuck');
      await world.check();
      await world.coldroom('verify', `Request:${requestId}`, '--accept-changed');
      await retry(requestId);
      await thereAndBack(requestId);
    });

    it.each([
      ['are given back by an undo', 'undone', true],
      ['are released when their hold is over', 'released', false],
    ] as const)('of held originals: they are read, and %s', async (_, end, undo) => {
      const { world } = odd;
      world.services.startAll(['linker']);
      const linker = world.start('linker', { env: { COLDROOM_HOLD: '7d' } });
      const requestId = await world.archive(twoFilesets);
      await world.reached(requestId, 'linked');
      await world.services.killAll();
      await linker.exited;
      if (undo) await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
      else await world.inRegister('UPDATE coldroom.bag SET not_before = now()');
      await remount('tree');
      await world.reached(requestId, end);
      await world.checkAtRest();
    });
  }),
);
