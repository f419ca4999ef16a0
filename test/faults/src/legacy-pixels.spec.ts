import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeLegacy } from './omero';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.create();
  world.services.startAll();
});
afterAll(() => world.close());

/** Archives an image of OMERO 4 whose pixels belong to this user; returns the path that OMERO opens. */
async function archivePixels(uid: number): Promise<{ readonly requestId: bigint; readonly path: string }> {
  const {
    imageIds: [imageId],
  } = await world.lay([{ files: [{ name: 'old.dv', size: 3000 }] }]);
  const path = await makeLegacy(world.omeroUrl, world.data, imageId!, uid);
  world.refreeze(path);
  return { requestId: await world.approve(), path };
}

/** Opens a file as OMERO's server does legacy pixels: for reading and writing, as the user that it runs as. */
function openToWrite(path: string, create: boolean): string {
  const program = `
    const { constants, openSync, writeSync } = require('fs');
    try { writeSync(openSync(${JSON.stringify(path)}, constants.O_RDWR${create ? ' | constants.O_CREAT' : ''}), 'overwritten'); console.log('written'); }
    catch (error) { console.log(error.code); }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    uid: 1000,
    gid: 1000,
    cwd: '/',
    encoding: 'utf8',
  });
  if (stderr) throw new Error(stderr);
  return stdout.trim();
}

const asRoot = process.getuid?.() === 0;
if (!asRoot) process.stderr.write('SKIPPED: legacy pixels: this needs root, to act as another user\n');

(asRoot ? describe : describe.skip)('pixels of OMERO 4', () => {
  test('archived: a server that opens them for writing is refused, and the copy stays', async () => {
    const { requestId, path } = await archivePixels(1000);
    const before = readFileSync(path);
    const own = join(world.dir, 'own.txt');
    writeFileSync(own, 'as long as it gets');
    chownSync(own, 1000, 1000);
    expect(openToWrite(own, false)).toBe('written'); // so a refusal below comes from the copy
    await world.reached(requestId, 'linked', 'skipped');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(openToWrite(path, false)).toBe('EACCES');
    expect(openToWrite(path, true)).toBe('EACCES');
    expect(readFileSync(path).equals(before)).toBe(true);
    await world.checkAtRest();
  });

  test('archived, and the store is unavailable: the dangling link creates nothing', async () => {
    const { requestId, path } = await archivePixels(1000);
    await world.reached(requestId, 'linked', 'skipped');
    await world.services.killAll();
    renameSync(world.store, `${world.store}.away`);
    expect(existsSync(path)).toBe(false);
    expect(openToWrite(path, true)).toBe('ENOENT');
    expect(existsSync(world.store)).toBe(false);
    renameSync(`${world.store}.away`, world.store);
    world.services.startAll();
    await world.checkAtRest();
  });

  test('of root stay in place: OMERO runs as root and could write through the link', async () => {
    const { requestId, path } = await archivePixels(0);
    await world.stuck(requestId, 'LEGACY_PIXELS_OF_ROOT');
    expect(lstatSync(path).isFile()).toBe(true);
    await world.check();
  });
});
