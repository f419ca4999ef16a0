import { existsSync, renameSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, Refused, Transient, type CopyStatus, type CrashPoint, type Store } from '@coldroom/domain';
import { Archive } from '../testing/archive';

describe('the move-link stage', () => {
  let archive: Archive;
  beforeAll(async () => {
    archive = await Archive.create('moveLink');
  });
  afterAll(() => archive.close());

  const at = (path: string): string => archive.bench.at(path).toString();
  const copyIn = (store: string, bag: string, path: string): string => join(store, bag, 'data/ManagedRepository', path);
  const stores = (): { main: string; other: string } => ({
    main: archive.bench.storeDir,
    other: archive.bench.otherDir,
  });
  const bagNow = async (id: bigint): Promise<string | undefined> =>
    (await archive.bench.register.reports.files({ requestId: id }))[0]?.store ?? undefined;

  /** Archived files whose bag is settled in the other store. */
  async function moveSealed(
    fileset: string,
    names: readonly string[] = ['a', 'b'],
    { held = true } = {},
  ): Promise<{ readonly id: bigint; readonly bag: string }> {
    const {
      id,
      bags: [bag],
    } = await archive.of(
      { [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })) },
      { held },
    );
    await archive.bench.move(id, 'moveSealed');
    return { id, bag: bag! };
  }

  async function expectIn(store: 'main' | 'other', bag: string, ...paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      expect([path, await readlink(at(path))]).toEqual([path, copyIn(stores()[store], bag, path)]);
      expect([path, await readFile(at(path), 'utf8')]).toEqual([
        path,
        `content of ${path.slice(path.indexOf('/') + 1)}`,
      ]);
    }
  }

  const beside = async (path: string): Promise<readonly string[]> =>
    (await readdir(dirname(at(path)))).filter((name) => name.startsWith('.coldroom-'));

  /** Removes what is left, so that it does not affect the next test. */
  async function putAside(id: bigint): Promise<void> {
    await archive.sql(
      `UPDATE file SET state = 'abandoned', stuck_from = NULL WHERE request_id = ${id}; UPDATE bag SET state = 'done' WHERE request_id = ${id}`,
    );
  }

  test('all links lead to the other store, originals stay held, and the old store loses nothing', async () => {
    const { id, bag } = await moveSealed('held');
    const hold = await archive.inHold();
    const result = await archive.bench.run(archive.moveLink);
    expect([result.switched, result.transitions.map((move) => [move.event, move.to])]).toEqual([
      true,
      [
        ['moveLink', 'linked'],
        ['moveLink', 'linked'],
      ],
    ]);
    await expectIn('other', bag, 'held/a', 'held/b');
    expect([await bagNow(id), await archive.inHold(), await beside('held/a')]).toEqual(['other', hold, []]);
    expect(await readFile(copyIn(stores().main, bag, 'held/a'), 'utf8')).toBe('content of a');
    // From here on the other store counts: for the release, and for the retrieval of an original that is held.
    await archive.bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'test');
    await archive.bench.run(archive.undo);
    expect([(await lstat(at('held/a'))).isFile(), (await archive.bench.file('held/a')).state]).toEqual([
      true,
      'undone',
    ]);
  });

  test('released files are released again by the next release, and retrieved from the other store', async () => {
    const { id, bag } = await moveSealed('gone', ['a'], { held: false });
    await archive.bench.run(archive.moveLink);
    await archive.bench.run(archive.release());
    expect(await archive.bench.file('gone/a')).toMatchObject({ state: 'released', store: 'other' });
    await chmod(join(stores().main, bag), 0o755);
    await rm(join(stores().main, bag), { recursive: true, force: true });
    await expectIn('other', bag, 'gone/a');
    await archive.bench.ask(id);
    await archive.bench.bring('fetchVerified', archive.bench.stores.get('other'));
    await archive.bench.run(archive.place);
    expect([await readFile(at('gone/a'), 'utf8'), (await lstat(at('gone/a'))).isFile()]).toEqual([
      'content of a',
      true,
    ]);
  });

  test.each<CrashPoint>(['move-link:1-link-made', 'move-link:2-swapped', 'move-link:3-tidied', 'move-link:4-synced'])(
    'a crash at %s is recognised, and a cancel then leads the links back',
    async (crashPoint) => {
      const forth = await moveSealed(`forth ${crashPoint}`);
      await archive.killed(archive.moveLink, crashPoint);
      await archive.bench.run(archive.moveLink);
      await expectIn('other', forth.bag, `forth ${crashPoint}/a`, `forth ${crashPoint}/b`);
      expect(await beside(`forth ${crashPoint}/a`)).toEqual([]);

      const back = await moveSealed(`back ${crashPoint}`);
      await archive.killed(archive.moveLink, crashPoint);
      const bags = (await archive.bench.register.moves.plan('main', { kind: 'Request', ids: [back.id] })).map(
        (one) => one.id,
      );
      expect(await archive.bench.register.moves.cancel(bags, 'test')).toBe(1);
      expect((await archive.bench.run(archive.moveLink)).switched).toBeUndefined();
      await expectIn('main', back.bag, `back ${crashPoint}/a`, `back ${crashPoint}/b`);
      expect([
        await beside(`back ${crashPoint}/a`),
        await bagNow(back.id),
        (await archive.bench.file(`back ${crashPoint}/a`)).state,
      ]).toEqual([[], 'main', 'linked']);
    },
  );

  test.each<[string, string, (bag: string) => Promise<unknown>, (bag: string) => Promise<unknown>]>([
    [
      'is unavailable',
      'STORE_UNAVAILABLE',
      () => rename(stores().main, `${stores().main} gone`),
      () => rename(`${stores().main} gone`, stores().main),
    ],
    [
      'came back empty',
      'COPY_MISSING',
      (bag) => rename(join(stores().main, bag), join(stores().main, `${bag}-lost`)),
      (bag) => rename(join(stores().main, `${bag}-lost`), join(stores().main, bag)),
    ],
  ])(
    'a cancelled move whose old store %s reports how to continue, and ends in the other store',
    async (why, code, lose, find) => {
      const { id, bag } = await moveSealed(why);
      const { moves } = archive.bench.register;
      const bags = (await moves.plan('main', { kind: 'Request', ids: [id] })).map((one) => one.id);
      await moves.cancel(bags, 'test');
      await lose(bag);
      const wayOn = `"coldroom move --from main --to other Request:${id}" leads all links there`;
      const error = await archive.bench.run(archive.moveLink).catch((thrown: unknown) => thrown);
      if (code === 'STORE_UNAVAILABLE')
        expect(error).toMatchObject({ kind: 'transient', code, message: expect.stringContaining(wayOn) });
      else
        expect(await archive.bench.file(`${why}/a`)).toMatchObject({
          state: 'stuck',
          code,
          reason: expect.stringContaining(wayOn),
        });
      expect(await moves.ask(bags, { from: 'main', to: 'other' }, 'test')).toBe(1);
      expect((await archive.bench.run(archive.moveLink)).switched).toBe(true);
      await expectIn('other', bag, `${why}/a`, `${why}/b`);
      expect(await archive.bench.file(`${why}/a`)).toMatchObject({ state: 'linked', store: 'other' });
      await find(bag);
    },
  );

  test.each<[why: string, code: string, spoil: (fileset: string) => Promise<unknown>]>([
    ['it was removed', 'LINK_GONE', (fileset) => rm(at(`${fileset}/a`))],
    [
      'it leads elsewhere',
      'PATH_TAKEN',
      async (fileset) => {
        await rm(at(`${fileset}/a`));
        await symlink('b', at(`${fileset}/a`));
      },
    ],
    [
      'a file is there',
      'PATH_TAKEN',
      async (fileset) => {
        await rm(at(`${fileset}/a`));
        await writeFile(at(`${fileset}/a`), 'theirs');
      },
    ],
    [
      'a directory is there',
      'PATH_TAKEN',
      async (fileset) => {
        await rm(at(`${fileset}/a`));
        await mkdir(at(`${fileset}/a`));
      },
    ],
    [
      'something is beside it',
      'TARGET_EXISTS',
      async (fileset) =>
        writeFile(
          join(dirname(at(`${fileset}/a`)), `.coldroom-${(await archive.bench.file(`${fileset}/a`)).id}`),
          'theirs',
        ),
    ],
  ])('a link has changed: %s; it stays, the others continue, and a retry repairs it', async (why, code, spoil) => {
    const { id, bag } = await moveSealed(why);
    await spoil(why);
    const standing = async (): Promise<unknown> =>
      lstat(at(`${why}/a`), { bigint: true }).then(({ ino, mode, mtimeNs }) => ({ ino, mode, mtimeNs }), codeOf);
    const before = await standing();
    expect((await archive.bench.run(archive.moveLink)).switched).toBe(true);
    expect(await archive.bench.file(`${why}/a`)).toMatchObject({
      state: 'stuck',
      stuckFrom: 'moveSealed',
      code,
      store: 'other',
    });
    expect(await standing()).toEqual(before);
    await expectIn('other', bag, `${why}/b`);

    await rm(at(`${why}/a`), { recursive: true, force: true });
    for (const name of await beside(`${why}/a`)) await unlink(join(dirname(at(`${why}/a`)), name));
    await symlink(copyIn(stores().main, bag, `${why}/a`), at(`${why}/a`)); // as a person would put it back
    await archive.bench.register.operator.retry({ kind: 'Request', ids: [id] }, () => 'none', 'test');
    expect((await archive.bench.run(archive.moveLink)).switched).toBeUndefined();
    await expectIn('other', bag, `${why}/a`);
    expect(await archive.bench.file(`${why}/a`)).toMatchObject({ state: 'linked', store: 'other' });
  });

  test("what appeared in the link's place at the last moment is put back there", async () => {
    const { id } = await moveSealed('race', ['a']);
    await writeFile(at('race/theirs'), 'theirs');
    let calls = 0;
    const check = (): void => {
      if ((calls += 1) === 3 && existsSync(at('race/theirs'))) renameSync(at('race/theirs'), at('race/a'));
    }; // immediately before the exchange
    await archive.bench.run(archive.moveLink, { check });
    expect(await archive.bench.file('race/a')).toMatchObject({
      state: 'stuck',
      code: 'PATH_TAKEN',
      reason: expect.stringContaining('last moment'),
    });
    expect([await readFile(at('race/a'), 'utf8'), await beside('race/a')]).toEqual(['theirs', []]);
    await putAside(id);
  });

  const saying = (change: Partial<CopyStatus> | undefined, only = 'a'): Store =>
    Object.create(archive.bench.stores.get('other'), {
      stat: {
        value: async (bag: string, paths: readonly Buffer[]) => {
          const real = await archive.bench.stores.get('other').stat(bag, paths);
          return real.map((status, index) =>
            paths[index]!.toString().endsWith(`/${only}`) ? change && { ...status, ...change } : status,
          );
        },
      },
    }) as Store;
  const moveLinksWith = (other: Store) =>
    archive.moveLinksWith({
      ...archive.bench.stores,
      get: (name) => (name === 'other' ? other : archive.bench.stores.get(name)),
    });

  test.each<[string, Partial<CopyStatus> | undefined]>([
    ['COPY_MISSING', undefined],
    ['COPY_CHANGED', { version: 'another' }],
    ['COPY_SIZE', { size: 3n }],
  ])('no link leads there while one copy is not good there: %s', async (code, change) => {
    const { id, bag } = await moveSealed(code);
    await archive.bench.run(moveLinksWith(saying(change)));
    expect(await archive.bench.file(`${code}/a`)).toMatchObject({
      state: 'stuck',
      stuckFrom: 'moveSealed',
      code,
      reason: expect.not.stringContaining('cancelled'),
    });
    await expectIn('main', bag, `${code}/a`, `${code}/b`);
    expect(await archive.bench.run(archive.moveLink)).toMatchObject({
      transitions: [],
      wait: { code: 'MOVE_BLOCKED' },
    });
    await expectIn('main', bag, `${code}/a`, `${code}/b`);
    await archive.bench.register.operator.retry({ kind: 'Request', ids: [id] }, () => 'none', 'test');
    expect((await archive.bench.run(archive.moveLink)).switched).toBe(true);
    await expectIn('other', bag, `${code}/a`, `${code}/b`);
  });

  test.each([new Transient('STORE_UNAVAILABLE', 'away'), new Refused('STORE_MARKER', 'another disk')])(
    'without a cancelled move, what the store throws is passed on unchanged: %s',
    async (thrown) => {
      const { id, bag } = await moveSealed(thrown.code);
      const failing = Object.create(archive.bench.stores.get('other'), {
        stat: { value: () => Promise.reject(thrown) },
      }) as Store;
      await expect(archive.bench.run(moveLinksWith(failing))).rejects.toBe(thrown);
      await expectIn('main', bag, `${thrown.code}/a`, `${thrown.code}/b`);
      await putAside(id);
    },
  );

  test('waits while the store no longer reports a copy as durable', async () => {
    const { bag } = await moveSealed('slow');
    expect(
      codeOf(
        await archive.bench
          .run(moveLinksWith(saying({ durable: 'no', replicationState: 'amber' })))
          .catch((error: unknown) => error),
      ),
    ).toBe('NOT_DURABLE');
    await expectIn('main', bag, 'slow/a', 'slow/b');
    await archive.bench.run(archive.moveLink);
  });

  test('a passing failure of one link leaves the register as it is; the next run finds the others', async () => {
    const { id, bag } = await moveSealed('trouble');
    let calls = 0;
    const check = (): void => {
      if ((calls += 1) === 6) throw new Error('trouble');
    };
    await expect(archive.bench.run(archive.moveLink, { check })).rejects.toThrow('trouble');
    expect([await bagNow(id), (await archive.bench.file('trouble/a')).state]).toEqual(['main', 'moveSealed']);
    const links = await Promise.all(['a', 'b'].map((name) => readlink(at(`trouble/${name}`))));
    expect(links.some((link) => link.startsWith(stores().other))).toBe(true); // otherwise this proves nothing
    await archive.bench.run(archive.moveLink);
    await expectIn('other', bag, 'trouble/a', 'trouble/b');
  });

  test('no link is replaced while anything is stopped', async () => {
    const { bag } = await moveSealed('stopped');
    await archive.bench.register.switches.stop('stage:hash', 'a test', 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(codeOf(await archive.bench.run(archive.moveLink).catch((error: unknown) => error))).toBe('STOPPED');
    await expectIn('main', bag, 'stopped/a', 'stopped/b');
    await archive.bench.register.switches.resume('stage:hash', 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250));
    await archive.bench.run(archive.moveLink);
  });

  test('OMERO 4 pixels are linked only to copies that cannot be written to', async () => {
    const { id } = await archive.of(
      { 'Legacy:1': [{ path: '17', content: 'content of 17', root: 'Pixels' }] },
      { held: true },
    );
    await archive.bench.move(id, 'moveSealed');
    const place = archive.bench.at('17', 'Pixels').toString();
    await archive.bench.run(moveLinksWith(saying({ writable: 'yes' }, '17')));
    expect(await archive.bench.file('17')).toMatchObject({ state: 'stuck', code: 'COPY_WRITABLE' });
    expect(await readlink(place)).toContain(stores().main);
    await archive.bench.register.operator.retry({ kind: 'Request', ids: [id] }, () => 'none', 'test');
    await archive.bench.run(archive.moveLink);
    expect([await readlink(place), (await lstat(await readlink(place))).mode & 0o222]).toEqual([
      expect.stringContaining(stores().other),
      0,
    ]);
  });

  test('a directory that became a link affects only its own files', async () => {
    const {
      id,
      bags: [bag],
    } = await archive.of(
      {
        bent: [
          { path: 'bent/dir/a', content: 'content of dir/a' },
          { path: 'bent/b', content: 'content of b' },
        ],
      },
      { held: true },
    );
    await archive.bench.move(id, 'moveSealed');
    await rename(at('bent/dir'), at('bent/moved'));
    await symlink('moved', at('bent/dir'));
    await archive.bench.run(archive.moveLink);
    expect(await archive.bench.file('bent/dir/a')).toMatchObject({
      state: 'stuck',
      code: 'PARENT_NOT_A_DIRECTORY',
      store: 'other',
    });
    expect(await readlink(at('bent/moved/a'))).toContain(stores().main);
    await expectIn('other', bag!, 'bent/b');
  });

  test('a linker whose stores file still names the directory that the store left waits, and changes no link', async () => {
    const { id, bags } = await archive.of({ stays: [{ path: 'stays/a', content: 'content of a' }] }, { held: true });
    const { register } = archive.bench;
    const { id: fileId } = await archive.bench.file('stays/a');
    let bagId = 0n;
    for await (const bag of register.relinks.bags('main')) if (bag.name === bags[0]) bagId = bag.id;
    expect(await register.relinks.ask(bagId, [fileId], stores().main, 'boss')).toBe(1);
    await expect(archive.bench.run(archive.moveLink)).rejects.toMatchObject({
      kind: 'not-yet',
      code: 'STORE_NOT_MOVED',
      details: { noDeadline: true },
      message: expect.stringContaining(`store main is at ${stores().main}: change it`),
    });
    await expectIn('main', bags[0]!, 'stays/a');
    expect([(await archive.bench.file('stays/a')).state, await beside('stays/a')]).toEqual(['moveSealed', []]);
    await register.relinks.cancel(bagId, 'boss');
    await putAside(id);
  });

  test('a cancelled relink leaves the links, and removes only what it left beside them', async () => {
    const names = ['new', 'old', 'none', 'foreign', 'file', 'other', 'gone'];
    const { id, bags } = await archive.of(
      { relinked: names.map((name) => ({ path: `relinked/${name}/x`, content: `content of ${name}` })) },
      { held: true },
    );
    const bag = bags[0]!;
    const { register } = archive.bench;
    let bagId = 0n;
    for await (const each of register.relinks.bags('main')) if (each.name === bag) bagId = each.id;
    const fileOf = (name: string): ReturnType<typeof archive.bench.file> => archive.bench.file(`relinked/${name}/x`);
    const ids = await Promise.all(names.map(async (name) => (await fileOf(name)).id));
    const besideOf = async (name: string): Promise<string> =>
      join(dirname(at(`relinked/${name}/x`)), `.coldroom-${(await fileOf(name)).id}`);
    expect(await register.relinks.ask(bagId, ids, '/mnt/older', 'boss')).toBe(names.length);
    await symlink(copyIn(stores().main, bag, 'relinked/new/x'), await besideOf('new'));
    await symlink(copyIn('/mnt/older', bag, 'relinked/old/x'), await besideOf('old'));
    await symlink('/somewhere/else', await besideOf('foreign'));
    await writeFile(await besideOf('file'), 'not ours');
    await symlink(copyIn(stores().main, bag, 'relinked/new/x'), await besideOf('other')); // of another file
    await rm(dirname(at('relinked/gone/x')), { recursive: true });
    const links = names.slice(0, -1);
    const targets = await Promise.all(links.map((name) => readlink(at(`relinked/${name}/x`))));

    expect(await register.relinks.cancel(bagId, 'boss')).toBe(names.length);
    expect([await register.relinks.cancel(bagId, 'boss'), await register.relinks.progress('main')]).toEqual([
      0,
      { files: 0, stuck: 0 },
    ]);
    expect(await register.relinks.ask(bagId, ids, '/mnt/older', 'boss')).toBe(0); // not before the linker is done
    await archive.bench.run(archive.moveLink);
    expect(await Promise.all(names.map(async (name) => (await fileOf(name)).state))).toEqual(names.map(() => 'linked'));
    expect(await Promise.all(links.map((name) => readlink(at(`relinked/${name}/x`))))).toEqual(targets);
    expect(await Promise.all(links.map(async (name) => [name, (await beside(`relinked/${name}/x`)).length]))).toEqual([
      ['new', 0],
      ['old', 0],
      ['none', 0],
      ['foreign', 1],
      ['file', 1],
      ['other', 1],
    ]);
    expect(await register.relinks.ask(bagId, [ids[0]!], '/mnt/older', 'boss')).toBe(1);
    await register.relinks.cancel(bagId, 'boss');
    await archive.bench.register.switches.stop('stage:hash', 'a test', 'boss');
    await symlink(copyIn(stores().main, bag, 'relinked/new/x'), await besideOf('new'));
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(codeOf(await archive.bench.run(archive.moveLink).catch((error: unknown) => error))).toBe('STOPPED');
    expect(await beside('relinked/new/x')).toHaveLength(1);
    await archive.bench.register.switches.resume('stage:hash', 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250)); // the next test must not see the switch that was on
    await putAside(id);
  });

  test('the release removes what a crash left of a cancelled move', async () => {
    const {
      id,
      bags: [bag],
    } = await archive.of({ left: [{ path: 'left/a', content: 'content of a' }] }, { held: true });
    await archive.bench.move(id, 'moving');
    const left = join(archive.bench.holdDir, bag!, `${(await archive.bench.file('left/a')).id}.moving`);
    await writeFile(left, 'half');
    await archive.bench.register.moves.cancel(
      (await archive.bench.register.moves.plan('main', { kind: 'Request', ids: [id] })).map((one) => one.id),
      'test',
    );
    await archive.bench.run(archive.release(), {
      bagId: (await archive.bench.register.claims.due(['linked'])).at(-1)!.bagId,
    });
    expect([existsSync(left), (await archive.bench.file('left/a')).state]).toEqual([false, 'released']);
  });
});
