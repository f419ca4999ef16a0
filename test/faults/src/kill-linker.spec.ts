import { crashesOf, expectOnce, twoFilesets } from './drills';
import { World } from './world';

describe('a linker killed at', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    world.services.startAll(['linker']);
  });
  afterAll(() => world.close());
  afterEach(() => world.check());

  /** Kills a linker at a step, and has another one end what it began. */
  async function crashAndGoOn(step: string, hold: string, end: string, requestId: bigint): Promise<void> {
    const drilled = world.start('linker', { crashAt: step, env: { COLDROOM_HOLD: hold } });
    await expect(drilled.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    await world.check();
    const next = world.start('linker', { env: { COLDROOM_HOLD: hold } });
    await world.reached(requestId, end);
    await next.kill();
    await world.checkAtRest();
  }

  test.each(crashesOf('linker', ['link', 'move']))('%s while linking: the next one ends it', async (step) => {
    const requestId = await world.archive(twoFilesets);
    await crashAndGoOn(step, '7d', 'linked', requestId);
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'store', 'link');
  });

  // Without a hold time the same linker links and then frees: its second move is that of the release.
  const releasing = crashesOf('linker', ['release', 'move']).map((step) => (step.startsWith('move:') ? `${step}:2` : step));
  test.each(releasing)('%s while it frees space: the next one ends it', async (step) => {
    const requestId = await world.archive(twoFilesets);
    await crashAndGoOn(step, '0', 'released', requestId);
    await expectOnce(world, requestId, 'link', 'release');
  });

  test.each(crashesOf('linker', ['undo', 'move']))('%s while it gives back: the next one ends it', async (step) => {
    const requestId = await world.archive(twoFilesets);
    const first = world.start('linker');
    await world.reached(requestId, 'linked');
    await first.kill();
    await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
    await crashAndGoOn(step, '7d', 'undone', requestId);
    await expectOnce(world, requestId, 'link', 'return');
  });
});
