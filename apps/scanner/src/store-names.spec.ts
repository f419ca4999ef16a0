import { abilities, bagNameLimit, type FileSystemLook } from '@coldroom/domain';
import type { StoreLook } from '@coldroom/register';
import { openStores, parseStores } from '@coldroom/stores';
import { Closures } from './closures';
import { Scan } from './scan';
import { bagName } from './starter';
import { StoreNames } from './store-names';
import { Scene } from './testing/scene';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.create('store_names');
});
afterEach(() => scene.close());

const disk = { kind: 'file', directory: '/archive' };
const cloud = {
  kind: 's3',
  endpoint: 'https://s3.example.org',
  bucket: 'coldroom',
  prefix: 'archive',
  accessKeyEnv: 'ACCESS',
  secretKeyEnv: 'SECRET',
  recallDirectory: '/recalled',
};

/** The first one is the default. */
function namesFor(stores: Readonly<Record<string, object>>): StoreNames {
  const settings = parseStores({ default: Object.keys(stores)[0], stores });
  return new StoreNames(scene.register, openStores(settings, { files: scene.files, omeroRoots: [] }));
}

async function codeFor(stores: Readonly<Record<string, object>>, path: string): Promise<string | undefined> {
  const why = await namesFor(stores).whyNotKept();
  return why({ root: 'ManagedRepository', path: Buffer.from(path) })?.code;
}

const look = (directory: string, longestName: number): FileSystemLook => ({
  directory,
  type: 'fuse.encfs',
  at: new Date().toISOString(),
  abilities: Object.fromEntries(
    abilities.map((ability) => [ability, { answer: 'unknown', how: 'not looked at' }]),
  ) as FileSystemLook['abilities'],
  timeUnitNs: 1,
  longestName,
  marker: { id: directory, name: 'disk', ino: '1' },
});
const health = (name: string, namesNotKept: readonly string[]): StoreLook => ({
  name,
  kind: 's3',
  isDefault: true,
  groups: [],
  place: '',
  price: null,
  fault: null,
  space: null,
  namesNotKept,
});
const deep = (bytes: number): string => `${'d'.repeat(199)}/`.repeat(6).slice(0, bytes - 1) + 'f';
/** What of a key is left for the path below the root. */
const left = 1024 - 'archive/'.length - bagNameLimit - '/data/ManagedRepository/'.length;

test('a file whose name no store can hold is skipped at the scan, with the reason; the others are taken', async () => {
  await scene.register.fileSystemLooks.record('store', look('/archive', 100));
  const [short, long] = ['s'.repeat(96) + '.tif', 'l'.repeat(97) + '.tif'];
  await scene.add([{ files: [{ name: short, size: 10 }] }, { files: [{ name: long, size: 10 }] }]);
  const { omero, register, files, originals, troubles } = scene;
  const closures = new Closures(omero, register, files, originals, troubles, namesFor({ disk }));
  await new Scan(omero, register, closures).run('test');
  const found = await register.reports.files({ limit: 10 });
  expect(found.map(({ path, state, code }) => [path.split('/').at(-1), state, code]).sort()).toEqual([
    [long, 'skipped', 'NAME_NOT_KEPT'],
    [short, 'registered', null],
  ]);
  expect(found.find(({ state }) => state === 'skipped')?.reason).toContain(
    'has a name of 101 bytes; the file system of the store disk can hold 100.',
  );
});

test('keys count with prefix, the longest name of a bag, root and percent-encoding', async () => {
  expect(await codeFor({ cloud }, deep(left))).toBeUndefined();
  expect(await codeFor({ cloud }, deep(left + 1))).toBe('PATH_TOO_LONG');
  expect(await codeFor({ cloud }, deep(left - 2).replace('d', '#'))).toBeUndefined();
  expect(await codeFor({ cloud }, deep(left - 1).replace('d', '#'))).toBe('PATH_TOO_LONG');
  for (const nr of [1n, 2n ** 63n - 1n])
    expect(bagName(nr, Number.MAX_SAFE_INTEGER).length).toBeLessThanOrEqual(bagNameLimit);
});

test('links count where they would be longer than the system allows', async () => {
  const directory = `/${deep(1100)}`.repeat(3);
  const path = deep(4095 - directory.length - '/'.length - bagNameLimit - '/data/ManagedRepository/'.length);
  expect(await codeFor({ disk: { ...disk, directory } }, path)).toBeUndefined();
  expect(await codeFor({ disk: { ...disk, directory } }, `${path}f`)).toBe('PATH_TOO_LONG');
});

test('what the server of a bucket does not keep is known from the last look at it', async () => {
  const [space, long] = ['a/two  spaces', `a/${'#'.repeat(100)}`];
  expect([await codeFor({ cloud }, space), await codeFor({ cloud }, long)]).toEqual([undefined, undefined]);
  await scene.register.storeHealth.record([health('cloud', ['two spaces in a row', 'more than 255 bytes'])]);
  expect([await codeFor({ cloud }, space), await codeFor({ cloud }, long)]).toEqual(['NAME_NOT_KEPT', 'NAME_NOT_KEPT']);
  expect(await codeFor({ cloud }, 'a/plain')).toBeUndefined();
  await scene.register.storeHealth.record([health('other', ['two spaces in a row'])]);
  expect(await codeFor({ cloud }, space)).toBeUndefined();
});

test('a file that one of the stores can hold is left to the approval, which may name that store', async () => {
  const path = deep(left + 1);
  const far = { ...cloud, prefix: 'far-away' };
  expect(await codeFor({ cloud, disk }, path)).toBeUndefined();
  expect(await codeFor({ cloud, far }, path)).toBe('PATH_TOO_LONG');
  expect(await codeFor({ far, cloud }, deep(left))).toBeUndefined();
});
