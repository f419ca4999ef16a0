import { exitCodes } from '@coldroom/runtime';
import { expectOnce, twoFilesets } from './crash-points';
import type { ServiceName } from './services';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.services.killAll());
afterAll(() => world.close());

describe.each<[ServiceName, string, string]>([
  ['checksum', 'verify:1-read', 'approved'],
  ['transfer', 'copy:3-written', 'hashed'],
])('%s --drain', (name, crashAt, waiting) => {
  test('does the work of one that was killed in the middle, and ends', async () => {
    const others = world.services.startAll([name]);
    const requestId = await world.archive(twoFilesets);
    await world.reached(requestId, waiting);
    const lost = world.start(name, { args: ['--drain'], crashAt });
    expect((await lost.exited).signal).toBe('SIGKILL');
    await Promise.all(others.filter((service) => service.name !== 'scanner').map((service) => service.kill()));
    // The dead one's claim runs for a while: a service that did not wait for it would end at once.
    const { code } = await world.start(name, { args: ['--drain'] }).exited;
    expect(code).toBe(exitCodes.ok);
    const states = (await world.filesOf(requestId)).map(({ state }) => state);
    expect(states).not.toContain(waiting);
    // Later than it would report again, it is not silent: it has ended.
    expect((await world.register.services.silent(-3_600_000)).map(({ service }) => service)).not.toContain(name);
    world.services.startAll(['scanner']);
    await world.reached(requestId, 'linked');
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
    await world.checkAtRest();
  });
});
