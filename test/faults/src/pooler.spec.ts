import { skippedWithout } from '@coldroom/local';
import { exitCodes } from '@coldroom/runtime';
import { expectOnce, twoFilesets } from './crash-points';
import { said } from './services';
import { World } from './world';

const skipped = skippedWithout('archiving behind PgBouncer', ['pgbouncer']);

(skipped ? describe.skip : describe)('with both databases behind PgBouncer', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.close());

  test('that pools by session, images are archived and put back', async () => {
    await world.servers.pool('session');
    world.services.startAll();
    const requestId = await world.archive(twoFilesets);
    await world.reached(requestId, 'linked');
    await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
    await world.reached(requestId, 'undone');
    await world.checkAtRest();
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link', 'undo');
    await world.coldroom('doctor');
  });

  test('that pools by transaction, no service starts, and doctor says why', async () => {
    await world.servers.pool('transaction');
    for (const service of [world.start('scanner'), world.start('linker')]) {
      await said(service, '"REGISTER_POOLED"');
      expect(await service.exited).toEqual({ code: exitCodes.failed, signal: null });
    }
    const doctor = world.services.command('doctor');
    await doctor.exited;
    for (const setting of ['REGISTER_DATABASE_URL', 'OMERO_DATABASE_URL'])
      expect(doctor.lines.join('\n').replace(/\s+/g, ' ')).toMatch(
        new RegExp(`${setting} leads to a pooler .* set pool_mode = session`),
      );
  });
});
