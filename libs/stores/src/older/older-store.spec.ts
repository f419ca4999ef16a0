import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Work } from '@coldroom/domain';
import { Files, writeMarker } from '@coldroom/files';
import { parseStores } from '../settings';
import { OlderStore } from './older-store';

const files = new Files({ threads: 1 });
afterAll(() => files.close());
const work: Work = {
  signal: new AbortController().signal,
  deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
  progress: () => undefined,
};
const path = Buffer.from('ManagedRepository/a/\xff =b', 'latin1');

let dir: string;
let store: OlderStore;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-older-'));
  mkdirSync(join(dir, 'old/OMERO/ManagedRepository/a'), { recursive: true });
  await writeMarker(join(dir, 'old'), 'old');
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/old/OMERO/`), path]), 'pixels');
  store = opened();
});
afterEach(() => rmSync(dir, { recursive: true }));

function opened(more: { readonly linksTo?: string } = {}): OlderStore {
  const settings = {
    kind: 'older',
    directory: join(dir, 'old'),
    omeroDirectory: '/OMERO',
    verify: 'cached',
    ...more,
  } as const;
  return new OlderStore('old', settings, { files, omeroRoots: [join(dir, 'OMERO')] });
}

it('finds a copy by the whole path of its original, whatever the bag', async () => {
  const [copy] = await store.digest('any-bag', [path], ['SHA-256'], work);
  const [status, missing] = await store.stat('other-bag', [path, Buffer.from('ManagedRepository/b')]);
  expect(copy).toMatchObject({
    ok: { size: 6n, digests: { 'SHA-256': createHash('sha256').update('pixels').digest('hex') } },
  });
  expect(status).toMatchObject({ size: 6n, version: 'ok' in copy! ? copy.ok.version : '', durable: 'no' });
  expect(missing).toBeUndefined();
  expect(store.linkTarget('x', path)).toEqual(Buffer.concat([Buffer.from(`${dir}/old/OMERO/`), path]));
  expect(opened({ linksTo: '/old//OMERO' }).linkTarget('x', Buffer.from('Files/7')).toString()).toBe(
    '/old//OMERO/Files/7',
  );
});

it('fetches a copy, and only what is asked for', async () => {
  const target = join(dir, 'hold');
  mkdirSync(target);
  await writeMarker(target, 'hold');
  const order = (size: bigint): Parameters<OlderStore['fetch']>[1][number] => ({
    path,
    size,
    target: { root: target, path: Buffer.from('bag/1') },
  });
  expect(await store.fetch('b', [order(7n)], work)).toMatchObject([{ error: { code: 'COPY_SIZE' } }]);
  expect(await store.fetch('b', [order(6n)], work)).toMatchObject([{ ok: { size: 6n } }]);
  expect(readFileSync(join(target, 'bag/1'), 'utf8')).toBe('pixels');
  expect(await store.bringOnline('b', [path])).toMatchObject([{ ok: { online: true } }]);
});

it('writes nothing, and says so', async () => {
  const before = readdirSync(dir, { recursive: true }).sort();
  for (const act of [store.put(), store.seal()]) await expect(act).rejects.toMatchObject({ code: 'STORE_ONLY_READ' });
  expect(store.refusalOf()).toMatchObject({ code: 'STORE_ONLY_READ' });
  await store.check();
  for await (const bag of store.bags()) expect(bag).toBeUndefined();
  expect([await store.list(), await store.readTag(), await store.isSealed()]).toEqual([[], undefined, true]);
  expect(readdirSync(dir, { recursive: true }).sort()).toEqual(before);
});

it('is unavailable without its marker, so that no copy seems lost', async () => {
  rmSync(join(dir, 'old/.coldroom-root'), { force: true });
  for (const act of [
    store.check(),
    store.stat('b', [path]),
    store.digest('b', [path], ['SHA-256'], work),
    store.isSealed(),
  ])
    await expect(act).rejects.toMatchObject({ kind: 'transient', code: 'STORE_UNAVAILABLE' });
});

it('does not follow links, and tells a directory from a copy', async () => {
  symlinkSync('/etc', join(dir, 'old/OMERO/Files'));
  await expect(store.stat('b', [Buffer.from('Files/passwd')])).rejects.toMatchObject({ kind: 'refused' });
  await expect(store.stat('b', [Buffer.from('ManagedRepository/a')])).rejects.toMatchObject({
    code: 'NOT_A_REGULAR_FILE',
  });
  expect(await store.digest('b', [Buffer.from('Files/passwd')], ['SHA-256'], work)).toMatchObject([{ error: {} }]);
});

it("may be on the originals' file system, but not inside their trees", async () => {
  mkdirSync(join(dir, 'OMERO'));
  await store.check();
  const inside = new OlderStore(
    'old',
    { kind: 'older', directory: join(dir, 'old'), omeroDirectory: '/OMERO', verify: 'cached' },
    { files, omeroRoots: [dir] },
  );
  await expect(inside.check()).rejects.toMatchObject({ code: 'STORE_INSIDE_OMERO' });
  chmodSync(join(dir, 'old'), 0o755);
});

it.each([
  ['the default', { default: 'old', stores: { old: {} } }],
  ['the store of a group', { default: 'main', stores: { main: true, old: {} }, groups: { lab: 'old' } }],
  [
    'a part of several copies',
    { default: 'main', stores: { main: true, old: {}, both: { kind: 'copies', of: ['main', 'old'] } } },
  ],
])('cannot be %s', (_what, { default: named, stores, ...rest }) => {
  const full = Object.fromEntries(
    Object.entries(stores).map(([name, each]) => [
      name,
      name === 'old'
        ? { kind: 'older', directory: '/old' }
        : name === 'main'
          ? { kind: 'file', directory: '/main' }
          : each,
    ]),
  );
  expect(() => parseStores({ default: named, stores: full, ...rest })).toThrow('The stores in');
});
