import { readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crashesOf, expectOnce, freezeAndTakeOver, killedAtEach, sealedBags, twoFilesets } from './crash-points';
import { fileStore, type StoreKind } from './store-kinds';
import { filesBelow } from './tree';
import { World } from './world';

/** The store is reached by an old path, which the stores file names until it moves. */
const reachedByOldPath: StoreKind = async (dir, name) => {
  const kept = await fileStore(dir, name);
  const links = join(dir, 'old');
  symlinkSync(join(dir, 'store'), links);
  return { ...kept, links, stores: { [name]: { kind: 'file', directory: links, sameFileSystem: true } } };
};
/** For the invariants: links may lead to the old path while they are replaced. */
const oldPath: StoreKind = async (dir, name) => ({ ...(await fileStore(dir, name)), links: join(dir, 'old') });

const steps = crashesOf('linker', ['move-link', 'transition']);
let world: World;
beforeEach(async () => {
  world = await World.create({ store: reachedByOldPath, other: oldPath });
  world.services.startAll(['linker']);
});
afterEach(async () => {
  await world.services.killAll();
  await world.check();
  await world.close();
});

/** Archives by the old path; then the stores file names the new one, and the links are asked to follow. */
async function askedToRelink(): Promise<bigint> {
  const requestId = await world.archive(twoFilesets);
  const first = world.start('linker');
  await world.reached(requestId, 'linked');
  await first.kill();
  await world.services.killAll();
  const [file, old, store] = ['stores.json', 'old', 'store'].map((name) => join(world.dir, name)) as [
    string,
    string,
    string,
  ];
  const settings = readFileSync(file, 'utf8');
  expect(settings).toContain(old);
  writeFileSync(file, settings.replace(old, store));
  Object.assign(world.copies, { links: store });
  expect(await ask()).toBe(5);
  return requestId;
}

/** Asks twice for each link; returns how many were asked for. */
async function ask(): Promise<number> {
  const { register } = world;
  let asked = 0;
  for await (const bag of register.relinks.bags('main')) {
    const ids = (await register.relinks.files(bag.id)).atRest.map(({ id }) => id);
    asked += await register.relinks.ask(bag.id, ids, join(world.dir, 'old'), 'a tester');
    expect(await register.relinks.ask(bag.id, ids, join(world.dir, 'old'), 'a tester')).toBe(0);
  }
  return asked;
}

async function relinked(requestId: bigint): Promise<void> {
  await world.reached(requestId, 'linked');
  rmSync(join(world.dir, 'old'));
  await world.checkAtRest();
  for (const file of await world.filesOf(requestId))
    expect(readlinkSync(join(world.data, file.root, file.path))).toContain(`${world.store}/`);
  await expectOnce(world, requestId, 'link', 'relink', 'moveLink');
}

test(`a linker killed while it leads links to a store that has moved: ${steps.join(', ')}`, async () => {
  const requestId = await askedToRelink();
  const before = sealedBags(world);
  await killedAtEach(world, 'linker', steps);
  world.start('linker');
  await relinked(requestId);
  expect(sealedBags(world)).toEqual(before);
});

test('cancelled after a crash: each link stays as it is, and nothing is left beside it', async () => {
  const requestId = await askedToRelink();
  await killedAtEach(world, 'linker', ['move-link:1-link-made:2', 'move-link:2-swapped']);
  const links = async (): Promise<readonly string[]> =>
    (await world.filesOf(requestId)).map((file) => readlinkSync(join(world.data, file.root, file.path)));
  const before = await links();
  const left = (): readonly string[] => filesBelow(world.data).filter((path) => /\/\.coldroom-\d+$/.test(path));
  expect(left()).not.toEqual([]);
  await world.coldroom('relink', '--store', 'main', '--cancel');
  world.start('linker');
  await world.reached(requestId, 'linked');
  expect([left(), await links()]).toEqual([[], before]);
  expect(await ask()).toBe(5);
  await world.reached(requestId, 'linked');
  await world.checkAtRest();
});

test('a linker frozen past its lease while it does so changes nothing when it wakes', async () => {
  const requestId = await askedToRelink();
  await freezeAndTakeOver(world, { service: 'linker', crashPoint: 'move-link:1-link-made', requestId, end: 'linked' });
  await relinked(requestId);
});
