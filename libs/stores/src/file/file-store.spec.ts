import { proveBySums } from '@coldroom/bagit/testing';
import { Files, identityOf, markerName, writeMarker } from '@coldroom/files';
import { describeOn, mountOn } from '@coldroom/files/testing';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, openStores } from '../open-store';
import { parseStores } from '../settings';
import { describeStore, work, type StoreUnderTest } from '../testing/conformance';

const asRoot = process.geteuid!() === 0;
let files: Files;
beforeAll(() => {
  files = new Files({ threads: 2 });
});
afterAll(() => files.close());

const settings = (directory: string, part: object = {}): ReturnType<typeof parseStores>['stores'][string] =>
  parseStores({ default: 'main', stores: { main: { kind: 'file', directory, sameFileSystem: true, ...part } } }).stores[
    'main'
  ]!;

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: 'ignore' });
}

async function namesIn(entries: AsyncIterable<string>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of entries) names.push(name);
  return names.sort();
}

async function makeStore(mount?: string): Promise<StoreUnderTest & { directory: string; remove: () => Promise<void> }> {
  const top = mkdtempSync(join(tmpdir(), 'coldroom-store-'));
  const [sourceDir, directory] = [join(top, 'ManagedRepository'), join(top, 'store')];
  mkdirSync(sourceDir);
  mkdirSync(directory);
  if (mount) run('mount', '-t', 'tmpfs', '-o', mount, 'none', directory);
  await writeMarker(sourceDir, 'ManagedRepository');
  await writeMarker(directory, 'main');
  const remove = async (): Promise<void> => {
    if (mount) run('umount', directory);
    run('chmod', '-R', 'u+w', top);
    rmSync(top, { recursive: true });
  };
  return {
    // Nothing in memory can be read past the cache.
    store: openStore('main', settings(directory, mount ? { verify: 'cached' } : {}), {
      files,
      omeroRoots: [sourceDir],
    }),
    sourceDir,
    directory,
    becomeUnavailable: async () => renameSync(join(directory, markerName), join(top, 'marker')),
    proveBag: (bag) => proveBySums(join(directory, bag)),
    cleanup: remove,
    remove,
  };
}

describeStore('file', () => makeStore());

describeStore(
  'file, on a small disk',
  async () => {
    const made = await makeStore('size=24m');
    return {
      ...made,
      becomeUnavailable: async () => run('mount', '-t', 'tmpfs', 'none', made.directory), // over it: a real unmount would empty it
      fill: async () => run('fallocate', '-l', '23m', join(made.directory, 'filler')),
      makeReadOnly: async () => run('mount', '-o', 'remount,ro', made.directory),
      cleanup: async () => {
        await made.remove().catch(async () => made.remove());
      },
    };
  },
  asRoot ? undefined : 'only root can mount one',
);

describe('the location of a file store', () => {
  let top: string;
  const open = (
    omeroRoots: readonly string[],
    part: object = {},
    directory = join(top, 'store'),
  ): ReturnType<typeof openStore> => openStore('main', settings(directory, part), { files, omeroRoots });

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'coldroom-place-'));
    for (const name of ['store', 'omero']) mkdirSync(join(top, name));
    await writeMarker(join(top, 'store'), 'main');
  });
  afterEach(() => rmSync(top, { recursive: true }));

  const inside = { kind: 'refused', code: 'STORE_INSIDE_OMERO' };

  it('may not be inside an OMERO root, around one, or the same, by any name', async () => {
    symlinkSync(top, join(top, 'omero', 'link'));
    for (const root of [top, join(top, 'store'), join(top, 'omero', 'link', 'store')])
      await expect(open([root]).check('write')).rejects.toMatchObject(inside);
    mkdirSync(join(top, 'store', 'omero'));
    await expect(open([join(top, 'store', 'omero')]).check('write')).rejects.toMatchObject(inside);
    await expect(open([join(top, 'store', 'not-there')]).check('write')).rejects.toMatchObject(inside);
  });

  it('may have a name that begins like a root', async () => {
    mkdirSync(join(top, 'sto'));
    await open([join(top, 'sto'), join(top, 'not-there')]).check('write');
  });

  it('is not on the file system of the originals unless that is allowed', async () => {
    await expect(open([join(top, 'omero')], { sameFileSystem: false }).check('write')).rejects.toMatchObject({
      kind: 'refused',
      code: 'STORE_ON_SAME_FILE_SYSTEM',
    });
    await open(['/proc'], { sameFileSystem: false }).check('write');
  });

  it('must carry the marker of this very store', async () => {
    rmSync(join(top, 'store', markerName));
    await writeMarker(join(top, 'store'), 'other');
    await expect(open([]).check('write')).rejects.toMatchObject({ kind: 'transient', code: 'STORE_UNAVAILABLE' });
  });

  it('is left unchanged by the check', async () => {
    await open([]).check('write');
    expect(readdirSync(join(top, 'store', '.open'))).toEqual([]);
  });

  (asRoot ? it.skip : it)('must be writable (not as root, who may write everywhere)', async () => {
    chmodSync(join(top, 'store'), 0o555);
    await expect(open([]).check('write')).rejects.toMatchObject({ code: 'STORE_DENIED' });
    chmodSync(join(top, 'store'), 0o755);
  });

  it('decides what counts as proof', () => {
    expect(open([]).acceptedReads).toEqual(['direct', 'dropped']);
    expect(open([], { verify: 'cached' }).acceptedReads).toEqual(['direct', 'dropped', 'cached']);
  });
});

describe('a sealed bag on disk', () => {
  let made: Awaited<ReturnType<typeof makeStore>>;
  const path = Buffer.from('ManagedRepository/a/file');
  const status = async (): Promise<unknown> => (await made.store.stat('bag-1', [path]))[0];
  const chmod = (place: string, mode: number): void => chmodSync(join(made.directory, 'bag-1', place), mode);

  beforeEach(async () => {
    made = await makeStore();
    mkdirSync(join(made.sourceDir, 'a'));
    writeFileSync(join(made.sourceDir, 'a/file'), 'content');
    const identity = identityOf(lstatSync(join(made.sourceDir, 'a/file'), { bigint: true }));
    await made.store.put(
      'bag-1',
      [{ root: made.sourceDir, path: Buffer.from('a/file'), copyPath: path, identity }],
      work(),
    );
    await made.store.seal('bag-1', [path], [], work());
  });
  afterEach(() => made.cleanup());

  it.each(['data/ManagedRepository/a/file', 'data/ManagedRepository/a', 'data'])(
    'is writable if another program gave %s a write bit',
    async (place) => {
      expect(await status()).toMatchObject({ durable: 'yes', writable: 'no' });
      chmod(place, 0o775);
      expect(await status()).toMatchObject({ durable: 'yes', writable: 'yes' });
    },
  );

  it('is not durable yet if the last step of its sealing is missing', async () => {
    chmod('.', 0o755);
    expect(await status()).toMatchObject({
      durable: 'no',
      replicationState: 'its directory still has write permission',
      writable: 'yes',
    });
    await made.store.seal('bag-1', [path], [], work());
    expect(await status()).toMatchObject({ durable: 'yes', replicationState: 'sealed', writable: 'no' });
  });

  it.each(['bagit.txt', 'manifest-sha256.txt', 'data'])('is a bag while it has any part of one: %s', async (part) => {
    mkdirSync(join(made.directory, 'damaged', part), { recursive: true });
    expect(await namesIn(made.store.bags())).toEqual(['bag-1', 'damaged']);
  });

  it('is distinguished from what is not ours in the directory of the store', async () => {
    for (const name of ['lost+found', 'snapshots']) mkdirSync(join(made.directory, name));
    writeFileSync(join(made.directory, 'README'), 'not ours');
    expect(await namesIn(made.store.bags())).toEqual(['bag-1']);
    expect(await namesIn(made.store.foreign!())).toEqual(['README', 'lost+found', 'snapshots']);
  });

  it('has another version once its copy was changed', async () => {
    const before = (await status()) as { version: string };
    chmod('data/ManagedRepository/a/file', 0o440);
    expect(await status()).not.toMatchObject({ version: before.version });
  });

  it('is refused if a link is in the place of a copy', async () => {
    chmod('data/ManagedRepository/a', 0o755);
    rmSync(join(made.directory, 'bag-1', 'data', path.toString()));
    symlinkSync('/etc/passwd', join(made.directory, 'bag-1/data', path.toString()));
    await expect(status()).rejects.toMatchObject({ kind: 'refused', code: 'NOT_A_REGULAR_FILE' });
    expect(await made.store.digest('bag-1', [path], ['SHA-256'], work())).toMatchObject([
      { error: { code: 'NOT_A_REGULAR_FILE' } },
    ]);
  });
});

describeOn('ntfs', 'a store on a file system that ignores permissions (ntfs-3g)', () => {
  let top: string;
  let unmount: () => void;
  const at = (part: object = {}): ReturnType<typeof openStore> =>
    openStore('main', settings(join(top, 'store'), part), { files, omeroRoots: [] });

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'coldroom-ntfs-'));
    unmount = mountOn('ntfs', join(top, 'store'));
    await writeMarker(join(top, 'store'), 'main');
  });
  afterEach(() => {
    unmount();
    rmSync(top, { recursive: true });
  });

  it('is refused before anything is copied, and left unchanged', async () => {
    await expect(at().check('write')).rejects.toMatchObject({
      kind: 'refused',
      code: 'STORE_NOT_PROTECTED',
      message: expect.stringContaining('set "protect: none" for this store'),
    });
    await at().check('read');
    expect(readdirSync(join(top, 'store', '.open'))).toEqual([]);
  });

  it('seals bags that are durable at once where its settings accept that', async () => {
    const store = at({ protect: 'none' });
    expect(store.unprotected).toBe(true);
    await store.check('write');
    const source = join(top, 'source');
    mkdirSync(source);
    await writeMarker(source, 'ManagedRepository');
    writeFileSync(join(source, 'a'), 'content');
    const identity = identityOf(lstatSync(join(source, 'a'), { bigint: true }));
    const path = Buffer.from('ManagedRepository/a');
    const put = { root: source, path: Buffer.from('a'), copyPath: path, identity };
    expect(await store.put('bag-1', [put], work())).toEqual([{ ok: { size: 7n } }]);
    expect(await store.stat('bag-1', [path])).toMatchObject([{ durable: 'no', replicationState: 'open' }]);
    await store.seal('bag-1', [path], [], work());
    expect(await store.stat('bag-1', [path])).toMatchObject([
      { durable: 'yes', replicationState: 'sealed', writable: 'yes' },
    ]);
  });
});

describeOn('oneOwner', 'a store on a file system that gives all files to one user (bindfs)', () => {
  let top: string;
  let unmount: () => void;
  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'coldroom-one-owner-'));
    unmount = mountOn('oneOwner', join(top, 'store'));
    await writeMarker(join(top, 'store'), 'main');
    mkdirSync(join(top, 'ManagedRepository'));
  });
  afterEach(() => {
    unmount();
    rmSync(top, { recursive: true });
  });
  const open = (): ReturnType<typeof openStore> =>
    openStore('main', settings(join(top, 'store'), { protect: 'none' }), {
      files,
      omeroRoots: ['not-there', 'ManagedRepository'].map((name) => join(top, name)),
    });

  it("is refused if that is not the owner of OMERO's files, before anything is copied", async () => {
    chownSync(join(top, 'ManagedRepository'), 2345, 2345);
    await expect(open().check('write')).rejects.toMatchObject({
      kind: 'refused',
      code: 'FILE_SYSTEM_UNABLE',
      message: expect.stringMatching(/gives all files to the user 1234 \(chown: EPERM\).*the option uid=2345/),
    });
    await open().check('read');
    expect(readdirSync(join(top, 'store', '.open'))).toEqual([]);
  });

  it("takes copies of that user's files", async () => {
    chownSync(join(top, 'ManagedRepository'), 1234, 1234);
    const store = open();
    await store.check('write');
    await writeMarker(join(top, 'ManagedRepository'), 'ManagedRepository');
    const file = join(top, 'ManagedRepository', 'a');
    writeFileSync(file, 'content');
    const outcome = (): ReturnType<typeof store.put> => {
      const identity = identityOf(lstatSync(file, { bigint: true }));
      return store.put(
        'bag-1',
        [{ root: join(top, 'ManagedRepository'), path: Buffer.from('a'), copyPath: Buffer.from('a'), identity }],
        work(),
      );
    };
    expect(await outcome()).toMatchObject([{ error: { code: 'OWNER_NOT_KEPT' } }]);
    chownSync(file, 1234, 1234);
    expect(await outcome()).toEqual([{ ok: { size: 7n } }]);
  });
});

it('opens stores by name', () => {
  const stores = openStores(
    parseStores({
      default: 'one',
      stores: { one: { kind: 'file', directory: '/one' }, two: { kind: 'file', directory: '/two' } },
    }),
    { files, omeroRoots: [] },
  );
  expect([stores.default.name, stores.get('two').name, stores.all.length]).toEqual(['one', 'two', 2]);
  expect(() => stores.get('three')).toThrow(expect.objectContaining({ kind: 'refused', code: 'STORE_UNKNOWN' }));
});
