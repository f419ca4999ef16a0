import { existsSync } from 'node:fs';
import { SlowLink } from '@coldroom/local';
import type { RunningService } from '@coldroom/runtime/process';
import { expectOnce } from './crash-points';
import type { ServiceName } from './services';
import { World } from './world';

const fakeTime = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((file) => existsSync(file));
const possible = fakeTime !== undefined && process.getuid?.() === 0;
if (!possible)
  console.warn('NOT RUN: workers on two hosts. It needs root and libfaketime (Debian: apt-get install faketime).');

const delayMs = 15;
const loseEveryMs = 1500;

let world: World;
let links: readonly SlowLink[];
beforeEach(async () => {
  world = await World.create({ env: { COLDROOM_LEASE: '5s' } });
  links = await Promise.all([world.registerUrl, world.servers.redisUrl].map((url) => SlowLink.to(url, delayMs)));
  for (const link of links) link.loseConnections(loseEveryMs);
});
afterEach(async () => {
  await world.close();
  for (const link of links) link.close();
});

/** Services of another host: its clock is ahead, it has mounts of its own, and its network is slow and loses connections. */
function onOtherHost(names: readonly ServiceName[]): readonly RunningService[] {
  const [toRegister, toRedis] = links as [SlowLink, SlowLink];
  const mount = `mount --bind "${world.dir}" "${world.dir}" && exec "$@"`;
  return names.map((name) =>
    world.start(name, {
      by: ['unshare', '--mount', 'sh', '-c', mount, 'sh'],
      env: {
        REGISTER_DATABASE_URL: toRegister.through(world.registerUrl),
        REDIS_URL: toRedis.through(world.servers.redisUrl),
        LD_PRELOAD: fakeTime as string,
        FAKETIME: '+30s',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    }),
  );
}

(possible ? test : test.skip)(
  'two hosts with clocks 30 s apart, one of which is lost, archive everything once',
  async () => {
    const here: readonly ServiceName[] = ['scanner', 'ingest-watcher', 'linker', 'checksum', 'transfer', 'transfer'];
    for (const name of here) world.start(name);
    const there = onOtherHost(['transfer', 'transfer', 'checksum']);
    const files = Array.from({ length: 200 }, (_, nr) => ({ name: `plane-${nr}.tif`, size: 30_000 }));
    const requestId = await world.archive(Array.from({ length: 16 }, () => ({ files })));
    const pids = new Set(there.map(({ pid }) => String(pid)));
    await world.until('the other host to have done some work', async () => {
      const events = await world.register.reports.events({ requestId }, 10_000);
      return events.some(({ what, actor }) => what === 'copy' && pids.has(actor.split('/')[1] ?? ''));
    });
    await Promise.all(there.map((service) => service.kill()));
    await world.servers.restartRedis();
    await world.reached(requestId, 'linked');
    await world.checkAtRest();
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
    expect(links.every(({ lost }) => lost > 0)).toBe(true);
  },
  180_000,
);
