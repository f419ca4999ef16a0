import { appendFileSync, utimesSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, NotYet, type Store } from '@coldroom/domain';
import { markerName } from '@coldroom/files';
import { Staging } from '@coldroom/trees';
import { Workbench, workWith } from '@coldroom/pipeline/testing';
import { openStores, parseStores } from '@coldroom/stores';
import { MoveCopyStage } from './move-copy.stage';

const root = process.getuid?.() === 0;

describe('the move-copy stage', () => {
  let bench: Workbench;
  beforeAll(async () => {
    bench = await Workbench.create('leave');
  });
  afterAll(() => bench.close());

  const stageWith = (change: Readonly<Record<string, Partial<Store>>> = {}): MoveCopyStage =>
    new MoveCopyStage(
      { ...bench.stores, get: (name) => Object.assign(Object.create(bench.stores.get(name)) as Store, change[name]) },
      new Staging(bench.originals, bench.holds),
      bench.files,
    );

  const setAttributes = async (path: Buffer): Promise<void> => {
    if (root) await chown(path, 1234, 2345);
    await chmod(path, 0o640);
    await utimes(path, 5, 1_500_000_001.456);
  };

  /** Files that are being moved. Returns their bag. */
  async function moving(fileset: string, names: readonly string[]): Promise<string> {
    const id = await bench.request(
      { [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })) },
      setAttributes,
    );
    await bench.bring('sealed');
    await bench.sayLinked();
    await bench.move(id, 'moving');
    return `request-${id}-bag-1`;
  }

  const old = (bag: string, path: string): string => join(bench.storeDir, bag, 'data/ManagedRepository', path);
  const open = (bag: string, path: string): string =>
    join(bench.otherDir, '.open', bag, 'data/ManagedRepository', path);
  const staged = async (bag: string, path: string): Promise<string> =>
    join(bench.holdDir, bag, `${(await bench.file(path)).id}.moving`);
  const inHold = async (bag: string): Promise<readonly string[]> => readdir(join(bench.holdDir, bag)).catch(() => []);
  const lookAt = async (path: string): Promise<unknown> => {
    const { mode, uid, gid, mtimeNs } = await lstat(path, { bigint: true });
    return { content: await readFile(path, 'utf8'), mode, uid, gid, mtimeNs };
  };

  test('copies are laid out in the other store as in the old one; staging is empty, nothing lost', async () => {
    const odd = 'new\nline ÿ';
    const bag = await moving('some', ['a', odd]);
    const { transitions } = await bench.run(stageWith());
    expect(transitions.map((move) => [move.event, move.to])).toEqual(Array(2).fill(['moveCopy', 'moveCopied']));
    for (const name of ['a', odd])
      expect(await lookAt(open(bag, `some/${name}`))).toEqual(await lookAt(old(bag, `some/${name}`)));
    expect([await inHold(bag), await bench.file('some/a')]).toEqual([
      [],
      expect.objectContaining({ state: 'moveCopied', store: 'main' }),
    ]);
  });

  test('what an earlier attempt left is replaced, in staging and in the open bag; other files stay', async () => {
    const bag = await moving('again', ['a', 'b', 'c']);
    await mkdir(join(bench.holdDir, bag), { recursive: true });
    await writeFile(await staged(bag, 'again/a'), 'half');
    await symlink('/etc/hostname', await staged(bag, 'again/b'));
    await mkdir(await staged(bag, 'again/c'));
    await mkdir(join(open(bag, 'again/a'), '..'), { recursive: true });
    await writeFile(open(bag, 'again/a'), 'half');
    await bench.run(stageWith());
    expect(await readFile(open(bag, 'again/a'), 'utf8')).toBe('content of a');
    for (const name of ['b', 'c'])
      expect([name, await bench.file(`again/${name}`)]).toMatchObject([
        name,
        { state: 'stuck', stuckFrom: 'moving', code: 'TARGET_EXISTS' },
      ]);
    expect(await inHold(bag)).toHaveLength(2);
  });

  test('a copy that the old store lost or truncated is for a person to check; the others continue', async () => {
    const bag = await moving('spoiled', ['gone', 'short', 'sound']);
    await rm(old(bag, 'spoiled/gone'));
    await chmod(old(bag, 'spoiled/short'), 0o644);
    await writeFile(old(bag, 'spoiled/short'), '');
    await bench.run(stageWith());
    expect(await bench.file('spoiled/gone')).toMatchObject({ state: 'stuck', code: 'COPY_MISSING' });
    expect(await bench.file('spoiled/short')).toMatchObject({ state: 'stuck', code: 'COPY_SIZE' });
    expect(await bench.file('spoiled/sound')).toMatchObject({ state: 'moveCopied' });
    expect(await inHold(bag)).toEqual([]);
  });

  test('waits for copies that are offline, and carries the others', async () => {
    const bag = await moving('slow', ['a', 'b']);
    const bringOnline: Store['bringOnline'] = async (_bag, paths) =>
      paths.map((path) => ({ ok: { online: path.toString().endsWith('/a'), state: 'in progress' } }));
    const { transitions, wait } = await bench.run(stageWith({ main: { bringOnline } }));
    expect([transitions.map((move) => move.to), wait?.code]).toEqual([['moveCopied'], 'NOT_ONLINE_YET']);
    expect(
      await bench.run(
        stageWith({
          main: {
            bringOnline: async (_bag, paths) => paths.map(() => ({ ok: { online: false, state: 'in progress' } })),
          },
        }),
      ),
    ).toMatchObject({ transitions: [], wait: { code: 'NOT_ONLINE_YET' } });
    await bench.run(stageWith());
    expect(await readFile(open(bag, 'slow/b'), 'utf8')).toBe('content of b');
  });

  test('a copy that is offline again when fetched waits, is requested again; others are carried', async () => {
    const bag = await moving('evicted', ['a', 'b']);
    const fetch: Store['fetch'] = async (name, orders, work) => {
      const fetched = (
        await bench.stores.get('main').fetch(
          name,
          orders.filter(({ path }) => path.toString().endsWith('/a')),
          work,
        )
      ).values();
      return orders.map(({ path }) =>
        path.toString().endsWith('/a')
          ? fetched.next().value!
          : { error: new NotYet('COPY_OFFLINE', 'it is archived') },
      );
    };
    await bench.run(stageWith({ main: { fetch } }));
    expect([(await bench.file('evicted/a')).state, (await bench.file('evicted/b')).state]).toEqual([
      'moveCopied',
      'moving',
    ]);
    const error = await bench.run(stageWith({ main: { fetch } })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'not-yet', code: 'COPY_OFFLINE' });
    await bench.run(stageWith());
    expect(await readFile(open(bag, 'evicted/b'), 'utf8')).toBe('content of b');
  });

  test('a bag that is sealed in the other store is not written to', async () => {
    const bag = await moving('back', ['a']);
    await mkdir(join(bench.otherDir, bag));
    await writeFile(join(bench.otherDir, bag, 'bagit.txt'), 'BagIt-Version: 1.0\n');
    const never = async (): Promise<never> => {
      throw new Error('nothing is to be copied');
    };
    await bench.run(stageWith({ main: { fetch: never }, other: { put: never } }));
    expect(await bench.file('back/a')).toMatchObject({ state: 'moveCopied' }); // the next stage checks
  });

  test('a bag that only some stores of a copies store hold is carried into the others', async () => {
    const bag = await moving('some-hold', ['a', 'b']);
    const kept = (directory: string): object => ({ kind: 'file', directory, sameFileSystem: true, verify: 'cached' });
    const settings = parseStores({
      default: 'both',
      stores: {
        both: { kind: 'copies', of: ['main', 'other'] },
        main: kept(bench.storeDir),
        other: kept(bench.otherDir),
      },
    });
    const both = openStores(settings, { files: bench.files, omeroRoots: [] }).get('both');
    const stage = new MoveCopyStage(
      { ...bench.stores, get: (name) => (name === 'other' ? both : bench.stores.get(name)) },
      new Staging(bench.originals, bench.holds),
      bench.files,
    );
    await bench.run(stage);
    for (const name of ['a', 'b'])
      expect([await bench.file(`some-hold/${name}`), await readFile(open(bag, `some-hold/${name}`), 'utf8')]).toEqual([
        expect.objectContaining({ state: 'moveCopied' }),
        `content of ${name}`,
      ]);
    expect(await inHold(bag)).toEqual([]);
  });

  test('a file that was touched in staging is neither accepted as a copy nor removed', async () => {
    const bag = await moving('touched', ['a', 'b']);
    const victim = await staged(bag, 'touched/a');
    const put: Store['put'] = async (name, sources, work) => {
      appendFileSync(victim, '!');
      utimesSync(victim, 9, 9);
      return bench.stores.get('other').put(name, sources, work);
    };
    const error = await bench.run(stageWith({ other: { put } })).catch((thrown: unknown) => thrown);
    expect([codeOf(error), (await bench.file('touched/a')).state]).toEqual(['TARGET_EXISTS', 'moving']);
    expect(await readFile(victim, 'utf8')).toBe('content of a!');
    await bench.run(stageWith());
    expect(await inHold(bag)).toEqual([]);
  });

  test('nothing advances where a store or the hold directory is unavailable', async () => {
    await moving('away', ['a']);
    for (const [directory, code] of [
      [bench.storeDir, 'STORE_UNAVAILABLE'],
      [bench.otherDir, 'STORE_UNAVAILABLE'],
      [bench.holdDir, 'ROOT_UNAVAILABLE'],
    ] as const) {
      await rename(join(directory, markerName), join(directory, 'aside'));
      expect([directory, codeOf(await bench.run(stageWith()).catch((error: unknown) => error))]).toEqual([
        directory,
        code,
      ]);
      await rename(join(directory, 'aside'), join(directory, markerName));
    }
    expect((await bench.file('away/a')).state).toBe('moving');
    await bench.run(stageWith());
  });

  test('with a claim that may be lost, nothing is carried', async () => {
    const bag = await moving('lost', ['a']);
    const claim = await bench.claim('moving');
    const late = {
      ...workWith({}),
      deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(process.hrtime.bigint() - 1n),
    };
    expect(
      codeOf(
        await stageWith()
          .run(claim, late)
          .catch((thrown: unknown) => thrown),
      ),
    ).toBe('CLAIM_LOST');
    await bench.register.claims.releaseClaim(claim);
    await expect(lstat(open(bag, 'lost/a'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
