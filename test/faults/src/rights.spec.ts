import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeServerData, startS3, type LocalS3 } from '@coldroom/local';
import { exitCodes } from '@coldroom/runtime';
import { Bucket } from './bucket';
import { confinedTo, places, rightsOfGuide, type Directories, type Place, type Right, type Rights } from './confined';
import { twoFilesets } from './crash-points';
import { describeWhere } from './mounted-store';
import { said, serviceNames, type ServiceName } from './services';
import { World } from './world';

const rights = rightsOfGuide();

function directoriesOf(world: World): Directories {
  const place = world.copies.recalled ? 'recall' : 'store';
  return { originals: world.data, hold: world.hold, [place]: world.store };
}

function startConfined(world: World, changed: Partial<Record<ServiceName, Rights>> = {}) {
  return serviceNames.map((name) =>
    world.start(name, { by: confinedTo(changed[name] ?? rights[name], directoriesOf(world)) }),
  );
}

/** Imports filesets as files of root, the user of the services here, and archives them. */
async function archived(world: World): Promise<bigint> {
  await world.lay(twoFilesets);
  execFileSync('chown', ['-R', '0:0', world.data]);
  for (const path of world.frozen.keys()) world.refreeze(join(world.data, path));
  const requestId = await world.approve();
  await world.reached(requestId, 'released');
  return requestId;
}

/** Starts it alone, and returns what it reports if it does not start. */
async function refusal(world: World, name: ServiceName, has: Rights): Promise<string> {
  const service = world.start(name, { by: confinedTo(has, directoriesOf(world)) });
  await said(service, '"cannot start"', 60_000);
  const { code } = await service.exited;
  expect([name, code]).toEqual([name, exitCodes.temporary]);
  return service.lines.find((line) => line.includes('"cannot start"')) ?? service.lines.join('\n');
}

describeWhere('mount', 'services with exactly the rights of the guide', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create({ hold: '0' });
  });
  afterAll(() => world.close());

  /** Each right that a service needs in this world, one at a time, replaced with the next smaller one. */
  const smaller = (name: ServiceName, place: Place): Right => (rights[name][place] === 'write' ? 'read' : 'none');
  const needed = serviceNames.flatMap((name) =>
    places
      .filter((place) => place !== 'recall' && rights[name][place] !== 'none')
      .map((place) => [name, place, smaller(name, place)] as const),
  );
  const codes = { write: /ROOT_READ_ONLY|STORE_READ_ONLY/, read: /ROOT_UNAVAILABLE|STORE_UNAVAILABLE/ } as const;

  test('archive and restore', async () => {
    startConfined(world);
    const requestId = await archived(world);
    await world.coldroom('restore', `Request:${requestId}`, '--yes', '--no-wait');
    await world.reached(requestId, 'restored');
    await world.checkAtRest();
    await world.services.killAll();
  });

  test.each(serviceNames)('%s does not start if it lacks one of its rights, and names the directory', async (name) => {
    const lacking = needed.filter(([service]) => service === name);
    expect(lacking.length).toBeGreaterThan(0);
    await Promise.all(
      lacking.map(async ([, place, has]) => {
        const told = await refusal(world, name, { ...rights[name], [place]: has });
        expect(told).toMatch(has === 'read' ? codes.write : codes.read);
        expect(told).toContain(directoriesOf(world)[place]);
        expect(told).toMatch(/Mount it|[Gg]ive (this service's|its) user|check the system log/);
      }),
    );
  });

  test('a directory that is not writable is named with what to do', async () => {
    for (const [name, directory, code] of [
      ['linker', join(world.data, 'ManagedRepository'), 'ROOT_DENIED'],
      ['transfer', world.hold, 'ROOT_DENIED'],
      ['ingest-watcher', join(world.store, '.open'), 'STORE_DENIED'],
    ] as const) {
      chmodSync(directory, 0o555);
      const told = await refusal(world, name, rights[name]);
      chmodSync(directory, 0o755);
      expect(told).toContain(code);
      expect(told).toContain(code === 'STORE_DENIED' ? world.store : directory);
      expect(told).toMatch(/[Gg]ive (this service's|its) user/);
    }
  });
});

describeWhere('s3', 'services with exactly the rights of the guide, on a bucket', () => {
  let dir: string;
  let server: LocalS3;
  let world: World;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'coldroom-rights-s3-'));
    server = await startS3({ dir });
    world = await World.create({ hold: '0', store: (place, name) => Bucket.make(server, place, name) });
  });
  afterAll(async () => {
    await world.close();
    await server.stop();
    removeServerData(dir);
  });

  test('archive, recall and restore', async () => {
    startConfined(world);
    const requestId = await archived(world);
    await world.coldroom('recall', `Request:${requestId}`, '--days', '1', '--yes', '--no-wait');
    await world.reached(requestId, 'recalled');
    await world.coldroom('restore', `Request:${requestId}`, '--yes', '--no-wait');
    await world.reached(requestId, 'restored');
    await world.checkAtRest();
    await world.services.killAll();
  });

  test.each(['transfer', 'linker'] as const)('%s does not start if it cannot place recalled copies', async (name) => {
    const told = await refusal(world, name, { ...rights[name], recall: 'read' });
    expect(told).toContain('ROOT_READ_ONLY');
    expect(told).toContain(world.store);
  });
});
