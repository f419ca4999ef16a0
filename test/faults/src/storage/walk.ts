import { twoFilesets } from '../crash-points';
import type { World } from '../world';

/** Links originals, gives them back, archives others, frees their space, and restores them: all is as it was. */
export async function thereAndBack(world: World): Promise<void> {
  world.services.startAll(['linker']);
  const holding = world.start('linker', { env: { COLDROOM_HOLD: '7d' } });
  const held = await world.archive(twoFilesets);
  await world.reached(held, 'linked');
  await world.checkAtRest();
  await world.asPerson((people) => people.undo({ kind: 'Request', ids: [held] }, 'a tester'));
  await world.reached(held, 'undone');
  await holding.kill();
  world.start('linker', { env: { COLDROOM_HOLD: '0' } });
  const freed = await world.archive(twoFilesets);
  await world.reached(freed, 'released');
  await world.checkAtRest();
  await restoreOf(world, freed);
  await world.reached(freed, 'restored');
  await world.checkAtRest();
}

/** A person asks for the restore of what a request archived. */
export async function restoreOf(world: World, requestId: bigint): Promise<void> {
  await world.until('the bag to be free for a person', () =>
    world.register.retrievals.ask({ kind: 'Request', ids: [requestId] }, { way: 'restore', days: 0 }, 'a tester'),
  );
}

/** Starts all services and returns the message with which one of them does not start. */
export async function refusal(world: World, code: string): Promise<string> {
  const services = world.services.startAll();
  return world.until(`a service that does not start (${code})`, async () => {
    const lines = services.flatMap((service) => service.lines);
    const refused = lines.find((line) => line.includes('"cannot start"') && line.includes(`"code":"${code}"`));
    return refused === undefined ? undefined : (JSON.parse(refused) as { error: { message: string } }).error.message;
  });
}
