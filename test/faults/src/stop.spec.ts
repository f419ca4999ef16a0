import { lstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectOnce, twoFilesets } from './crash-points';
import { describeWhere } from './mounted-store';
import { frozen, said, serviceNames, type ServiceName } from './services';
import { tamperWith } from './strace';
import { touch } from './tampering';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.services.killAll());
afterAll(() => world.close());

const single = (names: readonly string[]) => names.map((name) => ({ files: [{ name, size: 2000 }] }));
/** Long enough for several sweeps and turns of a linker that ignored a stop. */
const severalSweeps = 1500;

test('more failures than the limit stop a stage: nothing is linked until a person resumes it', async () => {
  world.services.startAll(['linker']);
  const spoilt = await world.lay(single(['a.tif', 'b.tif', 'c.tif', 'd.tif']));
  const first = await world.approve();
  await world.reached(first, 'sealed');
  const second = await world.archive(twoFilesets);
  await world.reached(second, 'sealed');
  for (const {
    paths: [path],
  } of spoilt.filesets.slice(1))
    touch(path!);
  for (const {
    paths: [path],
  } of spoilt.filesets.slice(1))
    world.refreeze(path!);
  world.start('linker', { env: { COLDROOM_ERROR_LIMIT: '2' } }); // takes the older request first
  await world.stuck(first, 'ORIGINAL_CHANGED');
  const stopped = (await world.register.switches.list()).filter((one) => one.stopped).map((one) => one.name);
  expect(stopped).toEqual(['stage:link', 'store:main']);
  await sleep(severalSweeps);
  expect(await linksOf(second)).toBe(0);
  await world.check();
  await world.register.switches.resume(undefined, 'a data manager');
  await world.reached(second, 'linked');
  await world.asPerson((people) => people.abandon({ kind: 'Request', ids: [first] }, 'a data manager'));
  await world.reached(first, 'linked', 'undone');
  await world.checkAtRest();
});

describeWhere('strace', 'a stop in the middle of linking', () => {
  test('takes effect when it is acknowledged: not one more original is replaced', async () => {
    const linker = world.services.startAll().find(({ name }) => name === 'linker')!;
    await said(linker, '"started"');
    const names = Array.from({ length: 150 }, (_, index) => `${index}.tif`);
    await tamperWith(linker, 'renameat2:delay_enter=40000'); // microseconds: the swaps take some seconds
    const requestId = await world.archive([{ files: names.map((name) => ({ name, size: 100 })) }]);
    await world.until('the first links', async () => (await linksOf(requestId)) >= 5);
    await world.register.switches.stop('all', 'something is wrong', 'a data manager');
    const links = await linksOf(requestId);
    expect(links).toBeLessThan(names.length);
    await sleep(severalSweeps);
    expect(await linksOf(requestId)).toBe(links);
    await world.check();
    await world.register.switches.resume(undefined, 'a data manager');
    await world.reached(requestId, 'linked');
    await world.services.killAll();
    await world.checkAtRest();
    await expectOnce(world, requestId, 'link');
  });
});

describeWhere('strace', 'SIGTERM in the middle of a copy that takes long', () => {
  test('stops the work and releases the bag at once', async () => {
    const transfer = world.services.startAll().find(({ name }) => name === 'transfer')!;
    await said(transfer, '"started"');
    const strace = await tamperWith(transfer, 'pwrite64:delay_enter=1000000'); // microseconds each
    const requestId = await world.archive([{ files: [{ name: 'large.tif', size: 80_000_000 }] }]);
    await world.until('some of it to be copied', async () =>
      (await world.register.reports.progress(requestId)).some((row) => row.doneBytes > 0n),
    );
    await expect(transfer.stop(5000)).resolves.not.toMatchObject({ signal: 'SIGKILL' });
    await strace.end();
    await world.check();
    world.start('transfer');
    await world.reached(requestId, 'linked');
    await world.checkAtRest();
  });
});

describe('SIGTERM in the middle of work ends within seconds and loses nothing:', () => {
  const middle: Readonly<Record<ServiceName, string>> = {
    scanner: 'scan:2-marks-written',
    checksum: 'hash:1-hashed',
    transfer: 'copy:3-written',
    'ingest-watcher': 'seal:2-tags-written',
    linker: 'link:3-link-made',
  };

  test.each(serviceNames)('%s', async (name) => {
    world.services.startAll([name]);
    const ending = world.start(name, { freezeAt: middle[name] });
    await world.lay(twoFilesets);
    const approving = world.approve();
    await frozen(ending);
    const ended = ending.stop(5000);
    process.kill(ending.pid, 'SIGCONT');
    await expect(ended).resolves.not.toMatchObject({ signal: 'SIGKILL' });
    await world.check();
    world.start(name);
    const requestId = await approving;
    await world.reached(requestId, 'linked');
    await world.until('all marks written', async () => (await world.register.marks.pending()).length === 0);
    await world.checkAtRest();
    await expectOnce(world, requestId, 'hash', 'copy', 'verify', 'seal', 'link');
  });
});

test('transfer --drain ends with code 0 when nothing is left to copy', async () => {
  world.services.startAll(['transfer']);
  const requestId = await world.archive(twoFilesets);
  await world.reached(requestId, 'hashed');
  await expect(world.start('transfer', { args: ['--drain'] }).exited).resolves.toEqual({ code: 0, signal: null });
  await world.reached(requestId, 'linked');
  await world.checkAtRest();
});

async function linksOf(requestId: bigint): Promise<number> {
  const files = await world.filesOf(requestId);
  return files.filter((file) => lstatSync(`${world.data}/${file.root}/${file.path}`).isSymbolicLink()).length;
}
