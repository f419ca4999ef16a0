import { existsSync, renameSync, utimesSync } from 'node:fs';
import {
  appendFile,
  chmod,
  link,
  lstat,
  mkdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, onCrashPoint, type CrashPoint } from '@coldroom/domain';
import { renameExchange } from '@coldroom/files';
import type { PlannedOriginal } from '@coldroom/pipeline/testing';
import { Archive, lookAt, type Guard } from '../testing/archive';

describe('the place stage', () => {
  let archive: Archive;
  const at = (path: string | Buffer): Buffer => archive.bench.at(path);

  beforeAll(async () => {
    archive = await Archive.create('place');
  });
  afterAll(() => archive.close());

  const original = (
    path: string | Buffer,
    content: string | Buffer = `content of ${path.toString('latin1')}`,
  ): PlannedOriginal => ({ path, content });

  /**
   * Archived files with a requested retrieval that are proven in staging. Returns their staging directory and the
   * earlier state of each file.
   */
  async function proven(
    fileset: string,
    names: readonly string[],
    options: { readonly held?: boolean } = {},
  ): Promise<{ readonly id: bigint; readonly bag: string; readonly hold: string }> {
    const {
      id,
      bags: [bag],
    } = await archive.of({ [fileset]: names.map((name) => original(`${fileset}/${name}`)) }, options);
    if (options.held) await keepFromUndo(id);
    await archive.bench.ask(id);
    await archive.proven();
    return { id, bag: bag!, hold: join(archive.bench.holdDir, bag!) };
  }

  /** Makes a restore fetch although all is held, as a cancelled one leaves it. */
  async function keepFromUndo(id: bigint): Promise<void> {
    await archive.bench.ask(id, 'recall');
    await archive.bench.register.retrievals.cancel({ kind: 'Request', ids: [id] }, 'test');
  }

  const stagedAs = async (path: string, hold: string): Promise<string> =>
    join(hold, `${(await archive.bench.file(path)).id}.fetched`);
  const expectBack = async (path: string | Buffer, before: Guard): Promise<void> =>
    expect([path.toString('latin1'), await lookAt(at(path))]).toEqual([path.toString('latin1'), before]);

  /** What a file of ours was before, without its content. */
  async function was(content: string | Buffer): Promise<Guard> {
    const root = process.getuid?.() === 0;
    return {
      kind: 'file',
      content: Buffer.from(content),
      mode: 0o100640,
      uid: root ? 1234 : process.getuid!(),
      gid: root ? 2345 : process.getgid!(),
      mtimeNs: 1_500_000_001_456_000_089n,
    } as Guard;
  }

  test('a restored file has its earlier bytes, mode, owner and time; neither link nor rest is left', async () => {
    const odd = Buffer.concat([Buffer.from('odd/new\nline '), Buffer.of(0xc3)]);
    const files = [
      original(odd, 'odd'),
      original('odd/empty', ''),
      original('odd/deep/er/large', Buffer.alloc(300_000, 7)),
    ];
    const { id } = await archive.of({ odd: files });
    expect((await lstat(at(odd))).isSymbolicLink()).toBe(true);
    expect(await archive.bench.ask(id)).toBe(3);
    await archive.proven();
    expect(await archive.inHold()).toHaveLength(3);

    const { transitions } = await archive.bench.run(archive.place);

    expect(transitions.map((move) => [move.event, move.to])).toEqual(Array(3).fill(['place', 'restored']));
    for (const { path, content } of files) await expectBack(path, await was(content));
    expect(await archive.inHold()).toEqual([]);
    expect(await archive.bench.register.requests.get(id)).toMatchObject({ state: 'Finished' });
  });

  test('a held original still takes its own place, and what was fetched for it is removed', async () => {
    const { hold } = await proven('held', ['a'], { held: true });
    const held = await lstat(join(hold, (await archive.bench.file('held/a')).id.toString()));
    await archive.bench.run(archive.place);
    expect((await lstat(at('held/a'))).ino).toBe(held.ino);
    await expectBack('held/a', await was('content of held/a'));
    expect(await archive.inHold()).toEqual([]);
    expect((await lstat(at('held/a'))).nlink).toBe(1);
  });

  test('a held original takes precedence even where the fetched file was spoiled', async () => {
    const { hold } = await proven('held spoiled', ['a'], { held: true });
    const staged = await stagedAs('held spoiled/a', hold);
    await writeFile(staged, 'spoiled');
    await archive.bench.run(archive.place);
    expect(await archive.bench.file('held spoiled/a')).toMatchObject({ state: 'online', code: 'FETCHED_CHANGED' });
    expect([(await lstat(at('held spoiled/a'))).isFile(), await readFile(staged, 'utf8')]).toEqual([true, 'spoiled']);
    await archive.proven();
    await archive.bench.run(archive.place);
    await expectBack('held spoiled/a', await was('content of held spoiled/a'));
    expect(await archive.inHold()).toEqual([]);
  });

  test('something else that is held under its name keeps the link, for a person to check', async () => {
    const { hold } = await proven('other', ['a'], { held: true });
    const held = join(hold, (await archive.bench.file('other/a')).id.toString());
    await appendFile(held, '!');
    await archive.bench.run(archive.place);
    expect(await archive.bench.file('other/a')).toMatchObject({
      state: 'stuck',
      stuckFrom: 'fetchVerified',
      code: 'HELD_CHANGED',
    });
    expect((await lstat(at('other/a'))).isSymbolicLink()).toBe(true);
    expect(await readFile(held, 'utf8')).toBe('content of other/a!');
    await giveUp('other');
  });

  async function standing(path: string): Promise<unknown> {
    try {
      const { ino, mode, size, mtimeNs, ctimeNs } = await lstat(at(path), { bigint: true });
      return { ino, mode, size, mtimeNs, ctimeNs };
    } catch (error) {
      return codeOf(error);
    }
  }

  /** Removes what is left over, so that it does not affect the next test. */
  async function giveUp(fileset: string): Promise<void> {
    await archive.bench.register.retrievals.cancel({ kind: 'Fileset', names: [fileset] }, 'test');
    await archive.all(archive.release());
    for (const left of await archive.inHold()) await rm(join(archive.bench.holdDir, left));
  }

  test.each<[why: string, code: string, reason: RegExp, spoil: (fileset: string) => Promise<void>]>([
    ['it was removed', 'LINK_GONE', /the link is gone; was the image deleted/, (fileset) => rm(at(`${fileset}/a`))],
    [
      'it leads elsewhere',
      'PATH_TAKEN',
      /not ours is/,
      async (fileset) => {
        await rm(at(`${fileset}/a`));
        await symlink('b', at(`${fileset}/a`));
      },
    ],
    [
      'a file is there',
      'PATH_TAKEN',
      /not ours is/,
      async (fileset) => {
        await rm(at(`${fileset}/a`));
        await writeFile(at(`${fileset}/a`), 'theirs');
      },
    ],
    [
      'a copy by hand is there',
      'PATH_TAKEN',
      /not ours is/,
      async (fileset) => {
        await rename(at(`${fileset}/a`), at(`${fileset}/link`));
        await writeFile(at(`${fileset}/a`), await readFile(at(`${fileset}/link`)));
        await utimes(at(`${fileset}/a`), 5, 1_500_000_001.456);
      },
    ],
    [
      'a directory is there',
      'PATH_TAKEN',
      /not ours is/,
      async (fileset) => {
        await rm(at(`${fileset}/a`));
        await mkdir(at(`${fileset}/a`));
      },
    ],
    [
      'its directory is gone',
      'DIRECTORY_GONE',
      /was the image deleted/,
      (fileset) => rm(at(fileset), { recursive: true }),
    ],
    [
      'its directory is a link',
      'PARENT_NOT_A_DIRECTORY',
      /not followed/,
      async (fileset) => {
        await rename(at(fileset), at(`${fileset} moved`));
        await symlink(`${fileset} moved`, at(fileset));
      },
    ],
  ])(
    'the link has changed: %s; what is at the path stays, and so does the rest of the fileset',
    async (why, code, reason, spoil) => {
      await proven(why, ['a', 'b']);
      await spoil(why);
      const before = await standing(`${why}/a`);

      await archive.bench.run(archive.place);

      expect(await archive.bench.file(`${why}/a`)).toMatchObject({
        state: 'stuck',
        stuckFrom: 'fetchVerified',
        code,
        reason: expect.stringMatching(reason),
      });
      expect(await standing(`${why}/a`)).toEqual(before);
      if (code === 'LINK_GONE' || code === 'PATH_TAKEN') {
        expect((await lstat(at(`${why}/b`))).isSymbolicLink()).toBe(true);
        expect(await archive.bench.file(`${why}/b`)).toMatchObject({ state: 'fetchVerified' });
      }
      await giveUp(why);
    },
  );

  test("what appeared in the link's place at the last moment is put back there", async () => {
    await proven('race', ['a']);
    await writeFile(at('race/theirs'), 'theirs');
    const check = (): void => {
      if (existsSync(at('race/theirs'))) renameSync(at('race/theirs'), at('race/a'));
    };
    await archive.bench.run(archive.place, { check });
    expect(await archive.bench.file('race/a')).toMatchObject({
      state: 'stuck',
      code: 'PATH_TAKEN',
      reason: expect.stringContaining('last moment'),
    });
    expect(await readFile(at('race/a'), 'utf8')).toBe('theirs');
    await giveUp('race');
  });

  test.each<[what: string, code: string, spoil: (staged: string) => Promise<void>]>([
    ['lost', 'FETCHED_GONE', (staged) => rm(staged)],
    ['touched', 'FETCHED_CHANGED', (staged) => utimes(staged, 5, 5)],
    ['made writable', 'FETCHED_CHANGED', (staged) => chmod(staged, 0o666)],
    [
      'written to, with its time set back',
      'FETCHED_CHANGED',
      async (staged) => {
        await writeFile(staged, 'CONTENT of lost');
        await utimes(staged, 1_500_000_000.123, 1_500_000_001.456);
      },
    ],
    ['given another name', 'FETCHED_CHANGED', (staged) => link(staged, `${staged}.too`)],
  ])('a staged file that was %s is fetched again, and its fileset waits', async (what, code, spoil) => {
    const { id, hold } = await proven(what, ['a', 'b']);
    await spoil(await stagedAs(`${what}/a`, hold));
    await archive.bench.run(archive.place);
    expect(await archive.bench.file(`${what}/a`)).toMatchObject({ state: 'online' });
    expect(await archive.bench.file(`${what}/b`)).toMatchObject({ state: 'fetchVerified' });
    for (const name of ['a', 'b']) expect((await lstat(at(`${what}/${name}`))).isSymbolicLink()).toBe(true);
    expect(
      (await archive.bench.register.reports.events({ requestId: id }, 100)).find(
        (event) => event.what === 'fetchAgain',
      ),
    ).toMatchObject({ code });
    await rm(`${await stagedAs(`${what}/a`, hold)}.too`, { force: true });
    await archive.proven();
    await archive.bench.run(archive.place);
    for (const name of ['a', 'b']) await expectBack(`${what}/${name}`, await was(`content of ${what}/${name}`));
    expect(await archive.inHold()).toEqual([]);
  });

  test('a staged file that is touched while others of its fileset are put in place is not', async () => {
    const names = Array.from({ length: 20 }, (_, nr) => `file-${nr + 10}`);
    const { hold } = await proven('while', names);
    const last = await stagedAs(`while/${names.at(-1)!}`, hold);
    let touched = false;
    onCrashPoint((name) => {
      if (name !== 'place:1-swapped' || touched) return;
      touched = true;
      utimesSync(last, 5, 5);
    });
    await archive.bench.run(archive.place);
    onCrashPoint(undefined);
    expect(await archive.bench.file(`while/${names.at(-1)!}`)).toMatchObject({ state: 'online' });
    expect((await lstat(at(`while/${names.at(-1)!}`))).isSymbolicLink()).toBe(true);
    await archive.proven();
    await archive.bench.run(archive.place);
    for (const name of names) await expectBack(`while/${name}`, await was(`content of while/${name}`));
  });

  test('a staged file that is touched again and again is for a person to check', async () => {
    const { hold } = await proven('again', ['a']);
    for (let time = 0; time < 4; time += 1) {
      await utimes(await stagedAs('again/a', hold), 5, 5);
      await archive.bench.run(archive.place);
      await archive.proven();
    }
    expect(await archive.bench.file('again/a')).toMatchObject({ state: 'stuck', code: 'FETCHED_CHANGED' });
    expect((await lstat(at('again/a'))).isSymbolicLink()).toBe(true);
    await giveUp('again');
  });

  test('a fileset across two bags is restored whole: not while one file is in progress or stuck', async () => {
    const names = Array.from({ length: 257 }, (_, nr) => `two/${String(nr).padStart(3, '0')}`);
    const { id } = await archive.of({ two: names.map((name) => original(name)) });
    await archive.bench.ask(id);
    await archive.proven();
    const claim = await archive.bench.claim('fetchVerified');
    await archive.bench.register.applyTransitions(
      claim,
      [
        {
          id: claim.files[0]!.id,
          event: 'fail',
          from: 'fetchVerified',
          to: 'stuck',
          code: 'TROUBLE',
          reason: 'as the test wants it',
        },
      ],
      { stage: 'test', errorLimit: 1000 },
    );
    const bags = await archive.bench.register.claims.due(['fetchVerified']);
    const crashPoints: CrashPoint[] = [];
    onCrashPoint((name) => crashPoints.push(name));
    for (const { bagId } of bags)
      expect(await archive.bench.run(archive.place, { bagId })).toMatchObject({
        transitions: [],
        wait: { code: 'FILESET_INCOMPLETE', details: { noDeadline: true } },
      });
    onCrashPoint(undefined);
    expect(crashPoints).toEqual([]);
    for (const name of names) expect((await lstat(at(name))).isSymbolicLink()).toBe(true);

    await archive.bench.register.operator.retry({ kind: 'Request', ids: [id] }, () => 'none', 'test');
    await archive.all(archive.place);
    for (const name of names) await expectBack(name, await was(`content of ${name}`));
    expect(await archive.inHold()).toEqual([]);
  });

  test.each<CrashPoint>(['place:1-swapped', 'place:2-tidied', 'place:3-synced'])(
    'a linker that dies at %s is followed by one that completes the work',
    async (crashPoint) => {
      await proven(crashPoint, ['a', 'b']);
      await archive.killed(archive.place, crashPoint);
      await archive.bench.run(archive.place);
      for (const name of ['a', 'b']) {
        await expectBack(`${crashPoint}/${name}`, await was(`content of ${crashPoint}/${name}`));
        expect(await archive.bench.file(`${crashPoint}/${name}`)).toMatchObject({ state: 'restored' });
      }
      expect(await archive.inHold()).toEqual([]);
    },
  );

  test.each<CrashPoint>(['undo:1-swapped', 'place:1-swapped'])(
    'the same at %s, where the original was held',
    async (crashPoint) => {
      await proven(`held ${crashPoint}`, ['a'], { held: true });
      await archive.killed(archive.place, crashPoint);
      await archive.bench.run(archive.place);
      await expectBack(`held ${crashPoint}/a`, await was(`content of held ${crashPoint}/a`));
      expect(await archive.inHold()).toEqual([]);
    },
  );

  test('a file is back after a crash even if its file system has had another device number since', async () => {
    const { hold } = await proven('device', ['a']);
    await renameExchange(Buffer.from(await stagedAs('device/a', hold)), at('device/a')); // and the linker died
    await archive.sql(
      `UPDATE file SET fetched = regexp_replace(fetched, '^\\d+', '99999') WHERE state = 'fetchVerified'`,
    );
    await archive.bench.run(archive.place);
    await expectBack('device/a', await was('content of device/a'));
    expect(await archive.bench.file('device/a')).toMatchObject({ state: 'restored' });
    expect(await archive.inHold()).toEqual([]);
  });

  test('placing again what is already placed changes nothing', async () => {
    const { id } = await proven('twice', ['a']);
    await archive.bench.run(archive.place);
    const before = await lstat(at('twice/a'), { bigint: true });
    await archive.sql(`UPDATE file SET state = 'fetchVerified' WHERE request_id = ${id}`);
    await archive.sql(`UPDATE bag SET state = 'fetchVerified' WHERE request_id = ${id}`);
    await archive.bench.run(archive.place);
    expect(await lstat(at('twice/a'), { bigint: true })).toEqual(before);
    expect(await archive.bench.file('twice/a')).toMatchObject({ state: 'restored' });
  });

  test('continues while everything is stopped; changes nothing more once the claim may be lost', async () => {
    await proven('stopped', ['a']);
    await expect(
      archive.bench.run(archive.place, {
        check: () => {
          throw new Error('the claim ran out');
        },
      }),
    ).rejects.toThrow('the claim ran out');
    expect(await readlink(at('stopped/a'))).toContain(archive.bench.storeDir);
    expect(await archive.inHold()).toHaveLength(1);
    await archive.bench.register.switches.stop('all', 'maintenance', 'boss');
    await archive.bench.run(archive.place);
    await archive.bench.register.switches.resume('all', 'boss');
    await expectBack('stopped/a', await was('content of stopped/a'));
  });

  test('each step is preceded by a check of the claim', async () => {
    for (const allowed of [1, 2]) {
      const fileset = `claim ${allowed}`;
      await proven(fileset, ['a']);
      let looks = 0;
      const check = (): void => {
        if ((looks += 1) >= allowed) throw new Error('the claim ran out');
      };
      await expect(archive.bench.run(archive.place, { check })).rejects.toThrow('the claim ran out');
      const swapped = allowed > 1;
      expect((await lstat(at(`${fileset}/a`))).isSymbolicLink()).toBe(!swapped);
      expect(await archive.inHold()).toHaveLength(1);
      await archive.bench.run(archive.place);
      await expectBack(`${fileset}/a`, await was(`content of ${fileset}/a`));
    }
  });
});
