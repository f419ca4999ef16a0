import { crashesOf, expectOnce, killedAtEach, twoFilesets } from './crash-points';
import { World, type WorldPlan } from './world';

/** The tests that kill linkers, in a world of this plan. */
export function killLinkers(plan: WorldPlan): void {
  let world: World;
  beforeAll(async () => {
    world = await World.create(plan);
    world.services.startAll(['linker']);
  });
  afterAll(() => world.close());
  afterEach(() => world.check());

  async function killAndGoOn(
    crashPoints: readonly string[],
    hold: string,
    end: string,
    requestId: bigint,
  ): Promise<void> {
    await killedAtEach(world, 'linker', crashPoints, { COLDROOM_HOLD: hold });
    const next = world.start('linker', { env: { COLDROOM_HOLD: hold } });
    await world.reached(requestId, end);
    await next.kill();
    await world.checkAtRest();
  }

  const linking = crashesOf('linker', ['link', 'transition']);
  test(`while linking: ${linking.join(', ')}`, async () => {
    const requestId = await world.archive(twoFilesets);
    await killAndGoOn(linking, '7d', 'linked', requestId);
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
  });

  // Without a hold time the first of them links before it frees.
  const releasing = crashesOf('linker', ['release', 'transition']);
  test(`while it frees space: ${releasing.join(', ')}`, async () => {
    const requestId = await world.archive(twoFilesets);
    await killAndGoOn(releasing, '0', 'released', requestId);
    await expectOnce(world, requestId, 'link', 'release');
  });

  const undoing = crashesOf('linker', ['undo', 'transition']);
  test(`while it gives back: ${undoing.join(', ')}`, async () => {
    const requestId = await world.archive(twoFilesets);
    const first = world.start('linker');
    await world.reached(requestId, 'linked');
    await first.kill();
    await world.asPerson((people) => people.undo({ kind: 'Request', ids: [requestId] }, 'a tester'));
    await killAndGoOn(undoing, '7d', 'undone', requestId);
    await expectOnce(world, requestId, 'link', 'undo');
  });
}
