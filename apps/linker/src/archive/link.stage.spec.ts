import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import {
  appendFile,
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, NotYet, onCrashPoint, type CrashPoint } from '@coldroom/domain';
import { writeMarker } from '@coldroom/files';
import { Workbench } from '@coldroom/pipeline/testing';
import { LinkStage } from './link.stage';
import { HoldDirectories } from '@coldroom/trees';
import { HoldTime } from '../paths/places';

describe('the link stage', () => {
  let bench: Workbench;
  let stage: LinkStage;
  const at = (path: string): string => bench.at(path).toString();

  beforeAll(async () => {
    bench = await Workbench.create('link');
    stage = stageWith([bench.holdDir]);
  });
  afterAll(() => bench.close());

  function stageWith(holds: readonly string[]): LinkStage {
    return new LinkStage(
      bench.stores,
      bench.originals,
      bench.register,
      new HoldDirectories(holds),
      new HoldTime(0),
      bench.files,
    );
  }

  /** A request of one fileset whose copies are durable. Returns the name of its bag. */
  async function durable(fileset: string, names: readonly string[]): Promise<string> {
    const id = await bench.request({
      [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
    });
    await bench.bring('sealed');
    return `request-${id}-bag-1`;
  }

  async function expectOriginal(path: string, content: string): Promise<void> {
    expect([path, (await lstat(at(path))).isFile(), await readFile(at(path), 'utf8')]).toEqual([path, true, content]);
  }

  test("the link takes the original's place and leads to the copy, and the original is held", async () => {
    const odd = Buffer.concat([Buffer.from('odd/new\nline '), Buffer.of(0xc3)]);
    const id = await bench.request({
      'Fileset:odd': [
        { path: odd, content: 'odd' },
        { path: '12', root: 'Files', content: 'legacy' },
      ],
    });
    await bench.bring('sealed');
    const inode = (await lstat(bench.at(odd))).ino;

    const { transitions } = await bench.run(stage);

    expect(transitions.map((move) => move.to)).toEqual(['linked', 'linked']);
    expect(await readlink(bench.at(odd), { encoding: 'buffer' })).toEqual(
      Buffer.concat([Buffer.from(`${bench.storeDir}/request-${id}-bag-1/data/ManagedRepository/`), odd]),
    );
    expect(await readFile(bench.at(odd), 'utf8')).toBe('odd');
    expect(await readFile(bench.at('12', 'Files'), 'utf8')).toBe('legacy');
    const { id: fileId } = await bench.file(odd);
    expect((await lstat(join(bench.holdDir, `request-${id}-bag-1`, fileId.toString()))).ino).toBe(inode);
    expect(existsSync(Buffer.concat([bench.at('odd/.coldroom-'), Buffer.from(fileId.toString())]))).toBe(false);
  });

  test('a held original that was written to after a crash stays, even with the same size and mtime', async () => {
    const bag = await durable('crash', ['a']);
    const { id } = await bench.file('crash/a');
    await mkdir(join(bench.holdDir, bag), { recursive: true });
    await link(at('crash/a'), join(bench.holdDir, bag, id.toString()));
    const reference = at('crash/reference');
    execFileSync('touch', ['--reference', at('crash/a'), reference]);
    await writeFile(at('crash/a'), 'CONTENT of a');
    execFileSync('touch', ['--reference', reference, at('crash/a')]);

    const { transitions } = await bench.run(stage);

    expect(transitions).toMatchObject([
      { to: 'stuck', code: 'ORIGINAL_CHANGED', reason: expect.stringContaining('written to while it was held') },
    ]);
    await expectOriginal('crash/a', 'CONTENT of a');
  });

  test.each<[why: string, code: string, reason: RegExp, spoil: (why: string, bag: string) => Promise<void>]>([
    ['it grew', 'ORIGINAL_CHANGED', /not the file that was hashed/, (why) => appendFile(at(`${why}/a`), '!')],
    ['its mtime changed', 'ORIGINAL_CHANGED', /not the file that was hashed/, (why) => utimes(at(`${why}/a`), 5, 5)],
    ['only its ctime changed', 'ORIGINAL_CHANGED', /touched since/, (why) => chmod(at(`${why}/a`), 0o640)],
    [
      'it got another name',
      'ORIGINAL_HARD_LINKED',
      /gained or lost a hard link/,
      (why) => link(at(`${why}/a`), at(`${why}/c`)),
    ],
    [
      'it was replaced by the same bytes',
      'ORIGINAL_CHANGED',
      /not the file that was hashed/,
      async (why) => {
        await writeFile(at(`${why}/new`), await readFile(at(`${why}/a`)));
        await rename(at(`${why}/new`), at(`${why}/a`));
      },
    ],
    ['it is gone', 'ORIGINAL_GONE', /the original is missing/, (why) => rm(at(`${why}/a`))],
    [
      'a link is at its path',
      'ORIGINAL_GONE',
      /a link is at/,
      async (why) => {
        await rm(at(`${why}/a`));
        await symlink('b', at(`${why}/a`));
      },
    ],
    [
      'a directory is at its path',
      'ORIGINAL_GONE',
      /something that is not a file is at/,
      async (why) => {
        await rm(at(`${why}/a`));
        await mkdir(at(`${why}/a`));
      },
    ],
    [
      'the copy is gone',
      'COPY_MISSING',
      /no such copy/,
      (why, bag) => rm(join(bench.storeDir, bag, 'data/ManagedRepository', why, 'a')),
    ],
    [
      'the copy was touched',
      'COPY_CHANGED',
      /not the one that was proven/,
      (why, bag) => utimes(join(bench.storeDir, bag, 'data/ManagedRepository', why, 'a'), 5, 5),
    ],
    [
      'the copy can be written',
      'NOT_DURABLE',
      /the store says its directory still has write permission/,
      (_why, bag) => chmod(join(bench.storeDir, bag), 0o755),
    ],
    [
      'a foreign file is beside it',
      'TARGET_EXISTS',
      /not ours is beside/,
      async (why) => writeFile(at(`${why}/.coldroom-${(await bench.file(`${why}/a`)).id}`), 'theirs'),
    ],
    [
      'a foreign file is in the hold directory',
      'HELD_CHANGED',
      /not the original that was hashed/,
      async (why, bag) => {
        await mkdir(join(bench.holdDir, bag), { recursive: true });
        await writeFile(join(bench.holdDir, bag, (await bench.file(`${why}/a`)).id.toString()), 'theirs');
      },
    ],
  ])('the original stays because %s', async (why, code, reason, spoil) => {
    const bag = await durable(why, ['a', 'b']);
    await spoil(why, bag);
    const before = await lstat(at(`${why}/a`)).catch(() => undefined);

    const error = await bench.run(stage).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    if (code === 'NOT_DURABLE')
      expect([error instanceof NotYet, codeOf(error), (error as Error).message]).toEqual([
        true,
        code,
        expect.stringMatching(reason),
      ]);
    else
      expect(await bench.file(`${why}/a`)).toMatchObject({
        state: 'stuck',
        stuckFrom: 'sealed',
        code,
        reason: expect.stringMatching(reason),
      });
    const after = await lstat(at(`${why}/a`)).catch(() => undefined);
    expect([after?.ino, after?.mode, after?.size, after?.mtimeMs]).toEqual([
      before?.ino,
      before?.mode,
      before?.size,
      before?.mtimeMs,
    ]);
    // A problem found before anything changes blocks the whole fileset; one found at the last moment, only that file.
    if (code !== 'TARGET_EXISTS') await expectOriginal(`${why}/b`, 'content of b');
    await retire();
  });

  test.each<CrashPoint>(['link:3-link-made', 'link:4-swapped'])(
    'the original is at its path in the end where the held name vanishes at %s',
    async (when) => {
      const bag = await durable(when, ['a']);
      const { id } = await bench.file(`${when}/a`);
      onCrashPoint((name) => {
        if (name === when) rmSync(join(bench.holdDir, bag, id.toString()));
      });
      await bench.run(stage).finally(() => onCrashPoint(undefined));
      expect(await bench.file(`${when}/a`)).toMatchObject({ state: 'stuck', code: 'HOLD_MISSING' });
      await expectOriginal(`${when}/a`, 'content of a');
      await retire();
    },
  );

  /** Removes what is left over, so that it does not affect the next test. */
  async function retire(): Promise<void> {
    for (const { bagId, state } of await bench.due()) {
      const claim = await bench.register.claims.claim(bagId, [state], 'test', 60_000);
      if (!claim) continue;
      await bench.register.applyTransitions(
        claim,
        claim.files.map((file) => ({
          id: file.id,
          event: 'fail',
          from: file.state,
          to: 'stuck',
          code: 'RETIRED',
          reason: 'the test is over',
        })),
        { stage: 'link', errorLimit: 1000 },
      );
    }
  }

  test('a fileset is linked as a whole: not while one of its files is still in progress', async () => {
    const id = await bench.request({
      whole: [
        { path: 'whole/a', content: 'content of a' },
        { path: 'whole/b', content: 'b' },
      ],
    });
    await bench.bring('verified');
    const claim = await bench.claim('verified');
    const b = await bench.file('whole/b');
    await bench.register.applyTransitions(
      claim,
      [{ id: b.id, event: 'fail', from: 'verified', to: 'stuck', code: 'TROUBLE', reason: 'as the test wants it' }],
      { stage: 'test', errorLimit: 1000 },
    );
    await bench.bring('sealed');
    const { transitions, wait } = await bench.run(stage);
    expect([transitions, wait?.code]).toEqual([[], 'FILESET_INCOMPLETE']);
    await expectOriginal('whole/a', 'content of a');
    await bench.register.operator.abandon({ kind: 'Request', ids: [id] }, 'test');
    await retire();
  });

  test('a directory that disappeared or became a link affects only its own files', async () => {
    await bench.request({
      gone: [{ path: 'gone/dir/a', content: 'a' }],
      bent: [{ path: 'bent/dir/a', content: 'bent' }],
      sound: [{ path: 'sound/a', content: 'sound' }],
    });
    await bench.bring('sealed');
    await rm(at('gone/dir'), { recursive: true });
    await rename(at('bent/dir'), at('bent/moved'));
    await symlink('moved', at('bent/dir'));

    await bench.run(stage);

    expect(await bench.file('gone/dir/a')).toMatchObject({
      state: 'stuck',
      code: 'DIRECTORY_GONE',
      reason: expect.stringMatching(/"gone\/dir" is gone; was the image deleted in OMERO\?/),
    });
    expect(await bench.file('bent/dir/a')).toMatchObject({
      state: 'stuck',
      code: 'PARENT_NOT_A_DIRECTORY',
      reason: expect.stringContaining('"bent/dir" is a link'),
    });
    expect(await bench.file('sound/a')).toMatchObject({ state: 'linked' });
    expect(await readlink(at('sound/a'))).toContain(bench.storeDir);
    await expectOriginal('bent/moved/a', 'bent');
    await retire();
  });

  test('a hold directory on another file system is refused, and the original stays', async () => {
    const foreign = await mkdtemp('/dev/shm/coldroom-hold-');
    await writeMarker(foreign, 'hold');
    try {
      await durable('foreign', ['a']);
      await bench.run(stageWith([foreign]));
      expect(await bench.file('foreign/a')).toMatchObject({
        state: 'stuck',
        code: 'HOLD_ON_OTHER_FILE_SYSTEM',
        reason: expect.stringContaining(foreign),
      });
      await expectOriginal('foreign/a', 'content of a');
    } finally {
      await rm(foreign, { recursive: true });
    }
  });

  test('after a stop by a person, no further original is replaced', async () => {
    await durable('stopped', ['a']);
    await bench.register.switches.stop('all', 'maintenance', 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250));
    const error = await bench.run(stage).catch((thrown: unknown) => thrown);
    expect([codeOf(error), (error as Error).message]).toEqual(['STOPPED', expect.stringContaining('maintenance')]);
    await expectOriginal('stopped/a', 'content of a');
    await bench.register.switches.resume('all', 'boss');
    await new Promise((resolve) => setTimeout(resolve, 250));
    await bench.run(stage);
    expect((await lstat(at('stopped/a'))).isSymbolicLink()).toBe(true);
  });

  test('with a claim that may be lost, nothing more is changed', async () => {
    await durable('lost', ['a']);
    await expect(
      bench.run(stage, {
        check: () => {
          throw new Error('the claim ran out');
        },
      }),
    ).rejects.toThrow('the claim ran out');
    await expectOriginal('lost/a', 'content of a');
    expect((await lstat(at('lost/a'))).nlink).toBe(1);
  });
});
