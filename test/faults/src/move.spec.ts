import { spawn } from 'node:child_process';
import { chmodSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { askedToMove, askToMove, freezesOf, expectOnce, freezeAndTakeOver, movedTo, sealedBags } from './crash-points';
import type { ServiceName } from './services';
import { Watcher } from './watcher';
import { fileStore } from './store-kinds';
import { World } from './world';

const bin = join(__dirname, '..', '..', '..', 'apps', 'cli', 'bin', 'coldroom.js');

/** Runs the command line with the settings of a world's services. */
async function coldroom(
  world: World,
  ...words: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [bin, ...words], {
    env: { PATH: process.env['PATH'], ...world.services.settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      output += part.toString();
    });
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { code, output };
}

describe('bags that are moved', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create({ hold: '0', other: fileStore });
  });
  afterAll(() => world.close());
  afterEach(() => world.check());

  test('there and back with two sets of services: the path is the whole file at every moment', async () => {
    for (const COLDROOM_QUEUE_PREFIX of ['one', 'other'])
      world.services.startAll([], { env: { COLDROOM_QUEUE_PREFIX } });
    const { filesets } = await world.lay([
      { files: Array.from({ length: 100 }, (_, index) => ({ name: `plane-${index}.tif`, size: 300 })) },
      { files: [{ name: 'large.tif', size: 3_000_000 }] },
    ]);
    const requestId = await world.approve();
    await world.reached(requestId, 'released');
    const before = sealedBags(world);
    const paths = filesets.flatMap((fileset) => fileset.paths);
    const watcher = new Watcher(paths);

    const there = await coldroom(world, 'move', '--from', 'main', '--to', 'other', '--yes');
    expect(there).toMatchObject({
      code: 0,
      output: expect.stringContaining(`Nothing was deleted: these bags are still in store main (${world.store})`),
    });
    expect(
      paths.map((path) => readlinkSync(path)).filter((target) => !target.startsWith(`${world.other!.links}/`)),
    ).toEqual([]);
    await movedTo(world, requestId, 'other', 'released');
    expect(sealedBags(world)).toEqual(before);
    expect(
      await coldroom(world, 'move', '--from', 'other', '--to', 'main', `Request:${requestId}`, '--yes'),
    ).toMatchObject({ code: 0 });
    await movedTo(world, requestId, 'main', 'released');
    expect(await coldroom(world, 'move', '--from', 'main', '--to', 'other', '--yes')).toMatchObject({ code: 0 });
    await movedTo(world, requestId, 'other', 'released');

    const { rounds, faults } = await watcher.end();
    expect(faults).toEqual([]);
    expect(rounds).toBeGreaterThan(20);
    await world.services.killAll();
    await world.checkAtRest();
  });

  test('are restored from the store that they moved to, with the old one lost', async () => {
    world.services.startAll();
    const requestId = await world.archive([{ files: [{ name: 'a.tif', size: 5000 }] }]);
    await world.reached(requestId, 'released');
    await askToMove(world, requestId);
    await movedTo(world, requestId, 'other', 'released');
    const [file] = await world.filesOf(requestId);
    chmodSync(join(world.store, file!.bag!), 0o755);
    rmSync(join(world.store, file!.bag!), { recursive: true });
    await world.until('the bag to be free for a person', () =>
      world.register.retrievals.ask({ kind: 'Request', ids: [requestId] }, { way: 'restore', days: 0 }, 'a tester'),
    );
    await world.reached(requestId, 'restored');
    await world.services.killAll();
    await world.checkAtRest();
  });
});

describe.each<[ServiceName, readonly string[]]>([
  ['transfer', freezesOf('transfer', ['move-copy'])],
  ['checksum', freezesOf('checksum', ['move-verify'])],
  ['ingest-watcher', freezesOf('ingest-watcher', ['move-seal'])],
  ['linker', [...freezesOf('linker', ['move-link']), 'transition:1-before-commit']],
])('a %s frozen past its lease while it moves bags changes nothing when it wakes at', (name, crashPoints) => {
  let world: World;
  beforeAll(async () => {
    world = await World.create({ other: fileStore });
    world.services.startAll([name]);
  });
  afterAll(() => world.close());
  afterEach(() => world.check());

  test.each(crashPoints)('%s', async (crashPoint) => {
    const requestId = await askedToMove(world, name);
    const end = async (): Promise<void> => movedTo(world, requestId, 'other');
    await freezeAndTakeOver(world, { service: name, crashPoint, requestId, end });
    await expectOnce(world, requestId, 'link', 'move', 'moveCopy', 'moveVerify', 'moveSeal', 'moveLink');
  });
});
