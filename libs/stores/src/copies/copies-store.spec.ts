import { proveBySums } from '@coldroom/bagit/testing';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import {
  NotYet,
  Refused,
  type CopyDigest,
  type FetchOrder,
  type Outcome,
  type Source,
  type Store,
  type Work,
} from '@coldroom/domain';
import { Files, identify, writeMarker } from '@coldroom/files';
import { openStores } from '../open-store';
import { parseStores } from '../settings';
import { describeStore } from '../testing/conformance';
import { mergeDigests } from './merge';

const root = mkdtempSync(join(tmpdir(), 'coldroom-copies-'));
const files = new Files({ threads: 1 });
afterAll(async () => {
  await files.close();
  execFileSync('chmod', ['-R', 'u+w', root]);
  rmSync(root, { recursive: true });
});

let count = 0;

async function two(): Promise<{
  readonly store: Store;
  readonly one: Store;
  readonly other: Store;
  readonly dir: string;
}> {
  const dir = join(root, String((count += 1)));
  for (const name of ['one', 'other', 'source', 'target']) {
    mkdirSync(join(dir, name), { recursive: true });
    await writeMarker(join(dir, name), name);
  }
  const plain = (name: string): object => ({
    kind: 'file',
    directory: join(dir, name),
    sameFileSystem: true,
    verify: 'cached',
  });
  const settings = parseStores({
    default: 'both',
    stores: { both: { kind: 'copies', of: ['one', 'other'] }, one: plain('one'), other: plain('other') },
  });
  const stores = openStores(settings, { files, omeroRoots: [join(dir, 'source')] });
  return { store: stores.get('both'), one: stores.get('one'), other: stores.get('other'), dir };
}

describeStore('of two file stores', async () => {
  const { store, dir } = await two();
  return {
    store,
    sourceDir: join(dir, 'source'),
    proveBag: (bag) => {
      for (const name of ['one', 'other']) proveBySums(join(dir, name, bag));
    },
    becomeUnavailable: () => rename(join(dir, 'other'), join(dir, 'elsewhere')),
    cleanup: async () => undefined,
  };
});

const work = (): Work => ({
  signal: new AbortController().signal,
  deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
  progress: () => undefined,
});
const path = Buffer.from('ManagedRepository/a');

describe('a store of several copies', () => {
  async function put({ store, dir }: Awaited<ReturnType<typeof two>>): Promise<void> {
    writeFileSync(join(dir, 'source', 'a'), 'right');
    const identity = await identify(join(dir, 'source', 'a'));
    const source: Source = { root: join(dir, 'source'), path: Buffer.from('a'), copyPath: path, identity: identity! };
    expect(await store.put('bag-1', [source], work())).toEqual([{ ok: { size: 5n } }]);
  }

  const order = (dir: string, attempt = 0): FetchOrder => ({
    path,
    size: 5n,
    attempt,
    target: { root: join(dir, 'target'), path: Buffer.from(`x/${attempt}`) },
  });

  async function spoil(directory: string): Promise<void> {
    const at = join(directory, 'data/ManagedRepository/a');
    await chmod(at, 0o644);
    await writeFile(at, 'wrong');
  }

  it('returns a digest that equals nothing if the copies differ, and names the stores', async () => {
    const setup = await two();
    await put(setup);
    await spoil(join(setup.dir, 'other', '.open', 'bag-1'));
    const [outcome] = await setup.store.digest('bag-1', [path], ['SHA-256'], work());
    expect(outcome).toMatchObject({
      ok: { digests: { 'SHA-256': expect.stringMatching(/^[0-9a-f]{64} in one, [0-9a-f]{64} in other$/) } },
    });
  });

  it("reports a fault in one store, even if another store's copy is offline", () => {
    const store = { name: 'one', acceptedReads: ['cached'] as const };
    const offline: Outcome<CopyDigest> = { error: new NotYet('COPY_OFFLINE', 'on tape') };
    const gone: Outcome<CopyDigest> = { error: new Refused('COPY_MISSING', 'gone') };
    const right: Outcome<CopyDigest> = { ok: { digests: {}, size: 1n, read: 'cached', version: 'v' } };
    const merged = (...outcomes: readonly Outcome<CopyDigest>[]): Outcome<CopyDigest> =>
      mergeDigests(outcomes.map((outcome) => ({ store, outcome })));
    expect([merged(offline, gone), merged(gone, offline), merged(right, offline)]).toEqual([gone, gone, offline]);
  });

  it('is as durable as its least durable copy', async () => {
    const setup = await two();
    await put(setup);
    await setup.one.seal('bag-1', [path], [{ name: 'bagit.txt', content: Buffer.from('x') }], work());
    expect(await setup.store.stat('bag-1', [path])).toMatchObject([
      { durable: 'no', replicationState: 'one: sealed, other: open' },
    ]);
    await setup.store.seal('bag-1', [path], [{ name: 'bagit.txt', content: Buffer.from('x') }], work());
    const [whole] = await setup.store.stat('bag-1', [path]);
    expect(whole).toMatchObject({ durable: 'yes', replicationState: 'one: sealed, other: sealed' });
    execFileSync('chmod', ['-R', 'u+w', join(setup.dir, 'other')]);
    rmSync(join(setup.dir, 'other', 'bag-1', 'data/ManagedRepository/a'));
    const [broken] = await setup.store.stat('bag-1', [path]);
    expect(broken).toMatchObject({ durable: 'no', replicationState: 'one: sealed, other: missing' });
    expect(broken?.version).not.toBe(whole?.version);
  });

  it('reads the second if the first is unavailable, lost the copy, or gave wrong bytes before', async () => {
    const setup = await two();
    await put(setup);
    await setup.store.seal('bag-1', [path], [{ name: 'bagit.txt', content: Buffer.from('x') }], work());
    const fetched = async (attempt = 0): Promise<string> => {
      expect(await setup.store.fetch('bag-1', [order(setup.dir, attempt)], work())).toEqual([{ ok: { size: 5n } }]);
      return readFile(join(setup.dir, 'target/x', String(attempt)), 'utf8');
    };
    execFileSync('chmod', ['-R', 'u+w', join(setup.dir, 'one')]);
    await spoil(join(setup.dir, 'one', 'bag-1'));
    expect(await fetched()).toBe('wrong');
    expect(await fetched(1)).toBe('right');
    rmSync(join(setup.dir, 'one', 'bag-1', 'data/ManagedRepository/a'));
    expect(await fetched()).toBe('right');
    expect(await setup.store.bringOnline('bag-1', [path], work())).toEqual([{ ok: { online: true, state: 'local' } }]);
    await rename(join(setup.dir, 'one'), join(setup.dir, 'gone'));
    expect(await fetched()).toBe('right');
    await rename(join(setup.dir, 'other'), join(setup.dir, 'gone too'));
    await expect(setup.store.fetch('bag-1', [order(setup.dir)], work())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it('lists a bag once if both have it, and one that only the second has', async () => {
    const setup = await two();
    await put(setup);
    await setup.store.seal('bag-1', [path], [{ name: 'bagit.txt', content: Buffer.from('x') }], work());
    await rename(join(setup.dir, 'one', 'bag-1'), join(setup.dir, 'one', 'bag-2'));
    const bags: string[] = [];
    for await (const bag of setup.store.bags()) bags.push(bag);
    expect(bags.sort()).toEqual(['bag-1', 'bag-2']);
  });

  describe('with a bag sealed in one store already', () => {
    const seal = (store: Store, content = 'x'): Promise<void> =>
      store.seal('bag-1', [path], [{ name: 'bagit.txt', content: Buffer.from(content) }], work());

    /** The second store is empty: it was added later, or lost everything. */
    async function sealedInOne(): Promise<Awaited<ReturnType<typeof two>>> {
      const setup = await two();
      await put({ ...setup, store: setup.one });
      await seal(setup.one);
      expect(await setup.store.isSealed('bag-1')).toBe(false);
      return setup;
    }

    it('accepts copies for the other, and then is sealed in both', async () => {
      const setup = await sealedInOne();
      const before = await setup.one.stat('bag-1', [path]);
      await put(setup);
      expect(await setup.store.digest('bag-1', [path], ['SHA-256'], work())).toEqual([
        { ok: expect.objectContaining({ digests: { 'SHA-256': expect.stringMatching(/^[0-9a-f]{64}$/) } }) },
      ]);
      await seal(setup.store);
      expect([await setup.store.isSealed('bag-1'), await setup.one.stat('bag-1', [path])]).toEqual([true, before]);
      expect(await setup.store.stat('bag-1', [path])).toMatchObject([
        { durable: 'yes', replicationState: 'one: sealed, other: sealed' },
      ]);
      await expect(put(setup)).rejects.toMatchObject({ code: 'BAG_SEALED' });
    });

    it.each<[string, string, (at: string) => unknown]>([
      ['lost it', 'COPY_MISSING', (at) => rmSync(at)],
      [
        'holds another size',
        'COPY_SIZE',
        async (at) => {
          await chmod(at, 0o644);
          await writeFile(at, 'longer than right');
        },
      ],
    ])('refuses a copy if that store %s: nothing can repair it', async (_what, code, harm) => {
      const setup = await sealedInOne();
      execFileSync('chmod', ['-R', 'u+w', join(setup.dir, 'one')]);
      await harm(join(setup.dir, 'one', 'bag-1', 'data/ManagedRepository/a'));
      const identity = await identify(join(setup.dir, 'source', 'a'));
      const source: Source = {
        root: join(setup.dir, 'source'),
        path: Buffer.from('a'),
        copyPath: path,
        identity: identity!,
      };
      expect(await setup.store.put('bag-1', [source], work())).toEqual([
        {
          error: expect.objectContaining({
            kind: 'refused',
            code,
            message: expect.stringContaining('sealed in store one'),
          }),
        },
      ]);
    });

    it('reports what keeps it open in the other, not that it was sealed otherwise', async () => {
      const setup = await sealedInOne();
      await expect(seal(setup.store, 'y')).rejects.toMatchObject({ code: 'COPY_MISSING' });
      await put(setup);
      await expect(seal(setup.store, 'y')).rejects.toMatchObject({ code: 'BAG_SEALED' });
      expect(await setup.store.isSealed('bag-1')).toBe(true);
    });
  });

  it.each([[['one']], [['one', 'one']], [['one', 'nowhere']], [['one', 'both']]])('refuses %j', (of) => {
    const plain = { kind: 'file', directory: '/archive' };
    const settings = (): unknown =>
      openStores(parseStores({ default: 'both', stores: { both: { kind: 'copies', of }, one: plain } }), {
        files,
        omeroRoots: [],
      });
    expect(settings).toThrow(expect.objectContaining({ code: 'STORES_INVALID' }));
  });
});
