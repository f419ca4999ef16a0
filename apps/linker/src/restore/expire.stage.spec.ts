import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, readlink, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, type CrashPoint } from '@coldroom/domain';
import { markerName } from '@coldroom/files';
import { Archive } from '../testing/archive';

describe('recalled files', () => {
  let archive: Archive;
  const at = (path: string): Buffer => archive.bench.at(path);

  beforeAll(async () => {
    archive = await Archive.create('expire', { recallable: true });
  });
  afterAll(() => archive.close());

  const recallDir = (): string => join(archive.bench.dataDir, '..', 'recall');
  const online = (bag: string, path: string): string => join(recallDir(), bag, 'data/ManagedRepository', path);

  async function archived(
    fileset: string,
    names: readonly string[],
    options: { readonly held?: boolean } = {},
  ): Promise<{ readonly id: bigint; readonly bag: string }> {
    const { id, bags } = await archive.of(
      { [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })) },
      options,
    );
    return { id, bag: bags[0]! };
  }

  async function recalled(
    fileset: string,
    names: readonly string[],
    options: { readonly held?: boolean } = {},
  ): Promise<{ readonly id: bigint; readonly bag: string }> {
    const made = await archived(fileset, names, options);
    await archive.bench.ask(made.id, 'recall');
    await archive.proven();
    await archive.bench.run(archive.place);
    return made;
  }

  const timeIsOver = (id: bigint): Promise<void> =>
    archive.sql(`UPDATE file SET online_until = now() - interval '1 s' WHERE request_id = ${id}`);
  const isDangling = async (path: string): Promise<boolean> =>
    (await lstat(at(path))).isSymbolicLink() && !existsSync(at(path));
  const expectOnline = async (path: string, content: string): Promise<void> =>
    expect([await readFile(at(path), 'utf8'), (await lstat(at(path))).isSymbolicLink()]).toEqual([content, true]);

  test('dangle, open while they are online, and dangle again after expiry; nothing is left over', async () => {
    const { id, bag } = await archived('life', ['deep/a', 'deep/er/b', 'empty']);
    const link = await readlink(at('life/deep/a'));
    expect([link, await isDangling('life/deep/a')]).toEqual([online(bag, 'life/deep/a'), true]);
    await archive.bench.ask(id, 'recall');
    await archive.proven();
    expect(await isDangling('life/deep/a')).toBe(true);
    expect((await archive.bench.run(archive.place)).transitions.map((move) => move.to)).toEqual([
      'recalled',
      'recalled',
      'recalled',
    ]);
    await expectOnline('life/deep/a', 'content of deep/a');
    await expectOnline('life/deep/er/b', 'content of deep/er/b');
    expect(await archive.inRecall()).toEqual(
      ['deep/a', 'deep/er/b', 'empty'].map((name) => `${bag}/data/ManagedRepository/life/${name}`),
    );

    const early = await archive.bench.run(archive.expire);
    expect(early).toMatchObject({ transitions: [], wait: { code: 'RECALLED', details: { noDeadline: true } } });
    expect(early.wait?.details.delayMs).toBeGreaterThan(86_000_000);
    await expectOnline('life/deep/a', 'content of deep/a');

    await timeIsOver(id);
    await archive.bench.run(archive.expire);
    expect(await archive.bench.file('life/deep/a')).toMatchObject({ state: 'linked' });
    expect([await isDangling('life/deep/a'), await readlink(at('life/deep/a')), await archive.inRecall()]).toEqual([
      true,
      link,
      [],
    ]);
    expect(existsSync(join(recallDir(), bag))).toBe(false);
    await archive.all(archive.release());
    expect(await archive.bench.file('life/deep/a')).toMatchObject({ state: 'released' });
    expect(existsSync(join(recallDir(), '.fetching'))).toBe(false);
    await archive.bench.ask(id, 'recall');
    await archive.proven();
    await archive.bench.run(archive.place);
    await expectOnline('life/deep/a', 'content of deep/a');
    await drop(id);
  });

  /** Removes what is online, so that it does not affect the next test. */
  async function drop(id: bigint): Promise<void> {
    await timeIsOver(id);
    await archive.sql(`UPDATE bag SET not_before = now() WHERE state = 'recalled'`);
    await archive.all(archive.expire);
    await archive.all(archive.release());
  }

  test('cannot be written through the links of their neighbours, which lead nowhere', async () => {
    const pixels = (name: string): { readonly path: string; readonly root: 'Pixels'; readonly content: string } => ({
      path: `Dir-001/${name}`,
      root: 'Pixels',
      content: `content of ${name}`,
    });
    const {
      id,
      bags: [bag],
    } = await archive.of({
      'Legacy:1': [pixels('1001')],
      'Legacy:2': [pixels('1002')],
      'Legacy:3': [pixels('1003_pyramid')],
    });
    const inBag = (path: string): string => join(recallDir(), bag!, path);
    const modes = async (): Promise<readonly string[]> =>
      Promise.all(
        ['', 'data', 'data/Pixels', 'data/Pixels/Dir-001'].map(async (path) =>
          ((await lstat(inBag(path))).mode & 0o777).toString(8),
        ),
      );
    const recall = async (fileset: string): Promise<void> => {
      await archive.bench.register.retrievals.ask(
        { kind: 'Fileset', names: [fileset] },
        { way: 'recall', days: 1 },
        'test',
      );
      await archive.proven();
      await archive.bench.run(archive.place);
    };
    /** As OMERO opens its old pixels, for reading and writing; as its user, who is also the linker's. */
    const openAsOmero = (name: string): boolean => {
      const own = (who: string): void => {
        if (process.getuid?.() === 0) execFileSync('chown', ['-R', who, recallDir()]);
      };
      execFileSync('chmod', ['a+x', join(archive.bench.dataDir, '..')]);
      own('1234:2345');
      const opened = spawnSync(
        'sh',
        ['-c', 'exec 3<>"$0"', archive.bench.at(`Dir-001/${name}`, 'Pixels').toString()],
        process.getuid?.() === 0 ? { uid: 1234, gid: 2345 } : {},
      );
      own('0:0');
      return opened.status === 0;
    };

    await recall('Legacy:1');
    expect([openAsOmero('1002'), existsSync(inBag('data/Pixels/Dir-001/1002'))]).toEqual([false, false]);
    expect(await modes()).toEqual(['555', '555', '555', '555']);
    await chmod(inBag('data/Pixels/Dir-001'), 0o755); // as a linker that dies leaves it
    await recall('Legacy:3');
    expect(await modes()).toEqual(['555', '555', '555', '555']);
    await chmod(inBag('data'), 0o755);
    await archive.sql(
      `UPDATE file SET online_until = now() - interval '1 s' WHERE request_id = ${id} AND fileset = 'Legacy:1'`,
    );
    await archive.sql(`UPDATE bag SET not_before = now() WHERE request_id = ${id}`);
    await archive.bench.run(archive.expire);
    expect([
      existsSync(inBag('data/Pixels/Dir-001/1001')),
      await readFile(archive.bench.at('Dir-001/1003_pyramid', 'Pixels'), 'utf8'),
      openAsOmero('1001'),
    ]).toEqual([false, 'content of 1003_pyramid', false]);
    expect(await modes()).toEqual(['555', '555', '555', '555']);
    await archive.all(archive.release());
    await drop(id);
    expect(existsSync(inBag(''))).toBe(false);
  });

  test('expire one by one when their time is over', async () => {
    const { id } = await recalled('one', ['a', 'b']);
    await archive.sql(`UPDATE file SET online_until = now() - interval '1 s' WHERE path = 'one/a'`);
    await archive.bench.run(archive.expire);
    expect([await isDangling('one/a'), await isDangling('one/b')]).toEqual([true, false]);
    expect(await archive.bench.file('one/b')).toMatchObject({ state: 'recalled' });
    await archive.all(archive.release());
    await drop(id);
  });

  test('stay online when they are recalled again', async () => {
    const { id } = await recalled('longer', ['a']);
    await timeIsOver(id);
    await archive.bench.ask(id, 'recall');
    expect((await archive.bench.run(archive.expire)).transitions).toEqual([]);
    await expectOnline('longer/a', 'content of a');
    await drop(id);
  });

  /** As the fixity check records it. */
  const foundBad = (copy: string): Promise<void> =>
    archive.sql(
      `UPDATE file SET copy_digest = NULL, copy_fault = 'COPY_DIFFERS' WHERE path = '${copy.split('/').slice(-2).join('/')}'`,
    );

  test.each<[why: string, code: string, spoil: (copy: string, bag: string) => Promise<void>]>([
    ['the copy in the store is gone', 'COPY_MISSING', (copy) => rm(copy)],
    ['the copy in the store was touched', 'COPY_CHANGED', (copy) => utimes(copy, 5, 5)],
    ['the copy in the store was found bad', 'COPY_DIFFERS', (copy) => foundBad(copy)],
  ])('stay online where %s', async (why, code, spoil) => {
    const { id, bag } = await recalled(why, ['a', 'b']);
    await spoil(join(archive.bench.storeDir, bag, 'data/ManagedRepository', why, 'a'), bag);
    await timeIsOver(id);
    await archive.bench.run(archive.expire);
    expect(await archive.bench.file(`${why}/a`)).toMatchObject({ state: 'stuck', stuckFrom: 'recalled', code });
    await expectOnline(`${why}/a`, 'content of a');
    expect(await isDangling(`${why}/b`)).toBe(true);
    await archive.all(archive.release());
  });

  test('expire where the copy was not read since the rebuild: the online one came from it, proven', async () => {
    const { id } = await recalled('rebuilt', ['a']);
    await archive.sql(`UPDATE file SET copy_digest = NULL WHERE request_id = ${id}`);
    await drop(id);
    expect([await archive.bench.file('rebuilt/a'), await isDangling('rebuilt/a')]).toMatchObject([
      { state: 'released' },
      true,
    ]);
  });

  test('stay online while the store does not report the copy as durable', async () => {
    const { id, bag } = await recalled('soft', ['a']);
    await chmod(join(archive.bench.storeDir, bag), 0o755);
    await timeIsOver(id);
    expect(codeOf(await archive.bench.run(archive.expire).catch((error: unknown) => error))).toBe('NOT_DURABLE');
    await expectOnline('soft/a', 'content of a');
    await chmod(join(archive.bench.storeDir, bag), 0o555);
    await drop(id);
    expect(await isDangling('soft/a')).toBe(true);
  });

  test.each(['content of a!', 'CONTENT of a'])(
    'stay online where the file in their place is not the one placed there: %s',
    async (content) => {
      const { id, bag } = await recalled(content, ['a']);
      await writeFile(online(bag, `${content}/a`), content);
      await timeIsOver(id);
      await archive.bench.run(archive.expire);
      expect(await archive.bench.file(`${content}/a`)).toMatchObject({ state: 'stuck', code: 'RECALLED_COPY_CHANGED' });
      await expectOnline(`${content}/a`, content);
    },
  );

  test('expire even if their file system has had another device number since', async () => {
    const { id } = await recalled('device', ['a']);
    await archive.sql(`UPDATE file SET fetched = regexp_replace(fetched, '^\\d+', '99999') WHERE state = 'recalled'`);
    await timeIsOver(id);
    await archive.bench.run(archive.expire);
    expect([await archive.bench.file('device/a'), await isDangling('device/a')]).toMatchObject([
      { state: 'linked' },
      true,
    ]);
    await archive.all(archive.release());
  });

  test('that were already removed expire as well', async () => {
    const { id, bag } = await recalled('removed', ['a', 'b']);
    await rm(online(bag, 'removed'), { recursive: true });
    await timeIsOver(id);
    await archive.bench.run(archive.expire);
    expect(await archive.bench.file('removed/b')).toMatchObject({ state: 'linked' });
    await archive.all(archive.release());
  });

  test('stay online while all is stopped, the claim may be lost or the directory is unavailable', async () => {
    const { id } = await recalled('stopped', ['a']);
    await timeIsOver(id);
    await archive.bench.register.switches.stop('all', 'maintenance', 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(codeOf(await archive.bench.run(archive.expire).catch((error: unknown) => error))).toBe('STOPPED');
    await archive.bench.register.switches.resume('all', 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250));
    await expect(
      archive.bench.run(archive.expire, {
        check: () => {
          throw new Error('the claim ran out');
        },
      }),
    ).rejects.toThrow('the claim ran out');
    await rename(join(recallDir(), markerName), join(recallDir(), 'aside'));
    expect(codeOf(await archive.bench.run(archive.expire).catch((error: unknown) => error))).toBe('ROOT_UNAVAILABLE');
    await rename(join(recallDir(), 'aside'), join(recallDir(), markerName));
    await expectOnline('stopped/a', 'content of a');
    await drop(id);
  });

  test('are not placed where the recall directory is unavailable or something else is in the way', async () => {
    const { id, bag } = await archived('away', ['a']);
    await archive.bench.ask(id, 'recall');
    await archive.proven();
    await rename(join(recallDir(), markerName), join(recallDir(), 'aside'));
    expect(codeOf(await archive.bench.run(archive.place).catch((error: unknown) => error))).toBe('ROOT_UNAVAILABLE');
    await rename(join(recallDir(), 'aside'), join(recallDir(), markerName));
    await mkdir(online(bag, 'away/a'), { recursive: true });
    await archive.bench.run(archive.place);
    expect(await archive.bench.file('away/a')).toMatchObject({
      state: 'stuck',
      code: 'PATH_TAKEN',
      reason: expect.stringContaining('not a recalled copy'),
    });
    await rm(online(bag, 'away/a'), { recursive: true });
    await archive.bench.register.operator.retry({ kind: 'Request', ids: [id] }, () => 'none', 'test');
    await archive.bench.run(archive.place);
    await expectOnline('away/a', 'content of a');
    await drop(id);
  });

  test('are fetched again where they were lost in staging', async () => {
    const { id, bag } = await archived('lost', ['a']);
    await archive.bench.ask(id, 'recall');
    await archive.proven();
    await rm(join(recallDir(), '.fetching', bag), { recursive: true });
    await archive.bench.run(archive.place);
    expect(await archive.bench.file('lost/a')).toMatchObject({ state: 'online', code: 'FETCHED_GONE' });
    await archive.proven();
    await archive.bench.run(archive.place);
    await expectOnline('lost/a', 'content of a');
    await drop(id);
  });

  test('are not placed for a link that is no longer ours', async () => {
    const { id } = await archived('bent', ['a']);
    await archive.bench.ask(id, 'recall');
    await archive.proven();
    await rm(at('bent/a'));
    await symlink('elsewhere', at('bent/a'));
    await archive.bench.run(archive.place);
    expect(await archive.bench.file('bent/a')).toMatchObject({ state: 'stuck', code: 'PATH_TAKEN' });
    expect((await archive.inRecall()).filter((path) => path.includes('/bent/'))).toEqual([]);
  });

  test.each([false, true])('that are restored lose the recalled copy (held still: %s)', async (held) => {
    const { id } = await recalled(`restored ${held}`, ['a', 'b'], { held });
    expect(await archive.bench.ask(id, 'restore')).toBe(2);
    await expectOnline(`restored ${held}/a`, 'content of a');
    await archive.proven();
    await archive.bench.run(archive.place);
    for (const name of ['a', 'b']) {
      expect((await lstat(at(`restored ${held}/${name}`))).isFile()).toBe(true);
      expect(await readFile(at(`restored ${held}/${name}`), 'utf8')).toBe(`content of ${name}`);
    }
    expect([(await archive.inRecall()).filter((path) => path.includes('/restored')), await archive.inHold()]).toEqual([
      [],
      [],
    ]);
  });

  test.each<CrashPoint>(['expire:1-removed', 'expire:2-synced'])(
    'a linker that dies at %s is followed by one that completes the work',
    async (crashPoint) => {
      const { id } = await recalled(crashPoint, ['a', 'b']);
      await timeIsOver(id);
      await archive.killed(archive.expire, crashPoint);
      await archive.bench.run(archive.expire);
      expect([await isDangling(`${crashPoint}/a`), await isDangling(`${crashPoint}/b`)]).toEqual([true, true]);
      expect(await archive.bench.file(`${crashPoint}/a`)).toMatchObject({ state: 'linked' });
      await archive.all(archive.release());
    },
  );

  test.each<CrashPoint>(['place:1-swapped', 'place:3-synced'])(
    'a linker that dies at %s of a recall is followed by one that completes the work',
    async (crashPoint) => {
      const { id } = await archived(`near ${crashPoint}`, ['a', 'b']);
      await archive.bench.ask(id, 'recall');
      await archive.proven();
      await archive.killed(archive.place, crashPoint);
      await archive.bench.run(archive.place);
      for (const name of ['a', 'b']) {
        await expectOnline(`near ${crashPoint}/${name}`, `content of ${name}`);
        expect(await archive.bench.file(`near ${crashPoint}/${name}`)).toMatchObject({ state: 'recalled' });
      }
      await drop(id);
    },
  );

  test.each<[why: string, code: string, spoil: (copy: string) => Promise<void>]>([
    ['is gone', 'COPY_MISSING', (copy) => rm(copy)],
    ['was found bad', 'COPY_DIFFERS', (copy) => foundBad(copy)],
  ])('a cancelled recall keeps what is online where the copy in the store %s', async (why, code, spoil) => {
    const { id, bag } = await archived(why, ['a', 'b']);
    await archive.bench.ask(id, 'recall');
    await archive.proven();
    await archive.killed(archive.place, 'place:3-synced');
    await archive.bench.register.retrievals.cancel({ kind: 'Request', ids: [id] }, 'test');
    await spoil(join(archive.bench.storeDir, bag, 'data/ManagedRepository', why, 'a'));
    await archive.bench.run(archive.release());
    expect(await archive.bench.file(`${why}/a`)).toMatchObject({
      state: 'stuck',
      stuckFrom: 'linked',
      code,
      reason: expect.stringContaining('kept'),
    });
    await expectOnline(`${why}/a`, 'content of a');
    expect(await archive.bench.file(`${why}/b`)).toMatchObject({ state: 'released' });
  });

  test('a recall that was cancelled after it had been placed leaves nothing online', async () => {
    const { id, bag } = await archived('given up', ['a', 'b']);
    await archive.bench.ask(id, 'recall');
    await archive.proven();
    await archive.killed(archive.place, 'place:1-swapped');
    await archive.bench.register.retrievals.cancel({ kind: 'Request', ids: [id] }, 'test');
    await archive.bench.run(archive.release());
    for (const name of ['a', 'b'])
      expect([await archive.bench.file(`given up/${name}`), await isDangling(`given up/${name}`)]).toMatchObject([
        { state: 'released' },
        true,
      ]);
    expect(
      (await archive.inRecall()).filter((path) => path.includes('given up') || path.startsWith(`.fetching/${bag}/`)),
    ).toEqual([]);
  });
});
