import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Files, type SealOrder } from './files';
import { markerName } from './roots';
import { asRoot, deadlineIn, makeScratch, run, work, type Scratch } from './testing/scratch';
import { sealInSeparateProcess } from './testing/separate-process';

let scratch: Scratch;
let files: Files;
beforeAll(() => {
  files = new Files({ threads: 1 });
});
afterAll(() => files.close());
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

const bytes = (text: string): Buffer => Buffer.from(text);
const tags = [
  { name: 'bagit.txt', content: bytes('BagIt') },
  { name: 'manifest', content: bytes('one') },
];

function put(...names: string[]): void {
  for (const name of names) {
    const path = join(scratch.store, '.open/bag', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name, { mode: 0o444 });
  }
}

const order = (keep: readonly string[], part: Partial<SealOrder> = {}): SealOrder => ({
  root: scratch.store,
  open: bytes('.open/bag'),
  sealed: bytes('bag'),
  keep: keep.map(bytes),
  tags,
  ...part,
});
const listed = (): string[] => readdirSync(scratch.store, { recursive: true, encoding: 'utf8' }).sort();
const sealedBag = [
  markerName,
  '.open',
  'bag',
  'bag/bagit.txt',
  'bag/data',
  'bag/data/a',
  'bag/data/a/one',
  'bag/data/two',
  'bag/manifest',
].sort();

it('keeps what it is asked to keep, and nothing else', async () => {
  put('data/a/one', 'data/two', 'data/a/extra', 'data/extra/deep/extra', 'manifest', 'leftover');
  symlinkSync('/etc/passwd', join(scratch.store, '.open/bag/data/link'));
  mkdirSync(join(scratch.store, '.open/bag/data/empty'));
  const before = lstatSync(join(scratch.store, '.open/bag/data/a/one'), { bigint: true });
  await files.seal(order(['data/a/one', 'data/two']), work());
  expect(listed()).toEqual(sealedBag);
  expect(readFileSync(join(scratch.store, 'bag/manifest'), 'utf8')).toBe('one');
  for (const directory of ['bag', 'bag/data', 'bag/data/a'])
    expect(statSync(join(scratch.store, directory)).mode & 0o777).toBe(0o555);
  for (const file of ['bag/manifest', 'bag/data/two'])
    expect(statSync(join(scratch.store, file)).mode & 0o777).toBe(0o444);
  const after = lstatSync(join(scratch.store, 'bag/data/a/one'), { bigint: true });
  expect([after.ino, after.ctimeNs, after.mtimeNs]).toEqual([before.ino, before.ctimeNs, before.mtimeNs]);
  expect(readFileSync('/etc/passwd').length).toBeGreaterThan(0);
});

it('changes nothing if a copy is missing or not a file, or the claim has run out', async () => {
  put('data/a/one', 'data/extra');
  const before = listed();
  await expect(files.seal(order(['data/a/one', 'data/two', 'data/none/three']), work())).rejects.toMatchObject({
    code: 'COPY_MISSING',
    kind: 'refused',
    details: { missing: ['data/two', 'data/none/three'] },
  });
  await expect(files.seal(order(['data/a']), work())).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
  await expect(files.seal(order(['data/a/one']), work({ deadline: deadlineIn(-1) }))).rejects.toMatchObject({
    code: 'CLAIM_LOST',
  });
  await expect(files.seal(order(['data/a/one'], { open: bytes('.open/none') }), work())).rejects.toMatchObject({
    code: 'COPY_MISSING',
  });
  expect(listed()).toEqual(before);
});

it('may be repeated with the same tag files, and is refused with others', async () => {
  put('data/two');
  await files.seal(order(['data/two']), work());
  const ctime = lstatSync(join(scratch.store, 'bag/data/two'), { bigint: true }).ctimeNs;
  await files.seal(order(['data/two']), work());
  const others = [
    [tags[0]!],
    [...tags, { name: 'more', content: bytes('') }],
    [tags[0]!, { name: 'manifest', content: bytes('two') }],
  ];
  for (const other of others)
    await expect(files.seal(order(['data/two'], { tags: other }), work())).rejects.toMatchObject({
      code: 'BAG_SEALED',
      kind: 'refused',
    });
  expect(lstatSync(join(scratch.store, 'bag/data/two'), { bigint: true }).ctimeNs).toBe(ctime);
});

it('never merges into a sealed bag, even if the open one reappeared', async () => {
  put('data/two');
  await files.seal(order(['data/two']), work());
  put('data/two', 'data/late');
  await files.seal(order(['data/two']), work());
  await expect(files.seal(order(['data/two', 'data/late'], { tags: [] }), work())).rejects.toMatchObject({
    code: 'BAG_SEALED',
  });
  expect(readdirSync(join(scratch.store, 'bag/data'))).toEqual(['two']);
  expect(readdirSync(join(scratch.store, '.open/bag/data')).sort()).toEqual(['late', 'two']);
});

it('can change what the bag keeps while it is open', async () => {
  put('data/a/one', 'data/two', 'data/a/three');
  chmodSync(join(scratch.store, '.open/bag/data/a'), 0o555); // an interrupted seal
  chmodSync(join(scratch.store, '.open/bag/data'), 0o555);
  await files.seal(order(['data/a/one', 'data/two']), work());
  expect(listed()).toEqual(sealedBag);
});

it.each(['seal:1-extras-dropped', 'seal:2-tags-written', 'seal:3-protected', 'seal:4-renamed'])(
  'is repaired after a crash at %s',
  async (crashAt) => {
    put('data/a/one', 'data/two', 'data/extra');
    expect(sealInSeparateProcess(scratch, order(['data/a/one', 'data/two']), crashAt).signal).toBe('SIGKILL');
    await files.seal(order(['data/a/one', 'data/two']), work());
    expect(listed()).toEqual(sealedBag);
    for (const directory of ['bag', 'bag/data', 'bag/data/a'])
      expect(statSync(join(scratch.store, directory)).mode & 0o777).toBe(0o555);
  },
);

(asRoot ? it : it.skip)('does not remove what is mounted inside a bag (needs root, to mount it)', async () => {
  put('data/two', 'data/mount/x');
  const mount = join(scratch.store, '.open/bag/data/mount');
  run('mount', '-t', 'tmpfs', 'none', mount);
  try {
    writeFileSync(join(mount, 'precious'), 'x');
    await expect(files.seal(order(['data/two']), work())).rejects.toMatchObject({ code: 'FOREIGN_MOUNT' });
    expect(readFileSync(join(mount, 'precious'), 'utf8')).toBe('x');
  } finally {
    run('umount', mount);
  }
});

it('reports that the store is unavailable', async () => {
  put('data/two');
  rmSync(join(scratch.store, markerName));
  await expect(files.seal(order(['data/two']), work())).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
});
