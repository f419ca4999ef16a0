import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { NotYet, type Store } from '@coldroom/domain';
import { Workbench } from '@coldroom/pipeline/testing';
import { MoveVerifyStage } from './move-verify.stage';

describe('the move-verify stage', () => {
  let bench: Workbench;
  beforeAll(async () => {
    bench = await Workbench.create('check');
  });
  afterAll(() => bench.close());

  const stageWith = (change: Partial<Store> = {}): MoveVerifyStage =>
    new MoveVerifyStage({
      ...bench.stores,
      get: (name) => Object.assign(Object.create(bench.stores.get(name)) as Store, name === 'other' ? change : {}),
    });

  /** Files whose copies are in the other store. Returns the directory of those. */
  async function moveCopied(fileset: string, names: readonly string[]): Promise<string> {
    const id = await bench.request({
      [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
    });
    await bench.bring('sealed');
    await bench.sayLinked();
    await bench.move(id, 'moveCopied');
    return join(bench.otherDir, '.open', `request-${id}-bag-1`, 'data/ManagedRepository', fileset);
  }

  async function overwrite(path: string, content: string): Promise<void> {
    await chmod(path, 0o644);
    await writeFile(path, content);
  }

  test("a copy is good if its bytes are the original's; its proof is separate from the old copy's", async () => {
    await moveCopied('good', ['a']);
    const before = await bench.claim('moveCopied');
    await bench.register.claims.releaseClaim(before);
    await bench.run(stageWith());
    const {
      files: [file],
    } = await bench.claim('moveVerified');
    expect(file).toMatchObject({
      state: 'moveVerified',
      copyVersion: before.files[0]!.copyVersion,
      elsewhere: { digest: createHash('sha256').update('content of a').digest('hex'), version: expect.any(String) },
    });
    expect(file!.elsewhere!.version).not.toBe(file!.copyVersion);
  });

  test('one that is wrong or missing is carried once more, and then a person has to look', async () => {
    const copies = await moveCopied('bad', ['flipped', 'gone', 'good']);
    for (const round of [1, 2]) {
      await overwrite(join(copies, 'flipped'), 'Content of flipped');
      await rm(join(copies, 'gone'));
      await bench.run(stageWith());
      expect(await bench.file('bad/good')).toMatchObject({ state: 'moveVerified' });
      for (const name of ['flipped', 'gone'])
        expect([round, name, (await bench.file(`bad/${name}`)).state]).toEqual([
          round,
          name,
          round === 1 ? 'moving' : 'stuck',
        ]);
      if (round === 1) await moveCopiedAgain(copies);
    }
    expect(await bench.file('bad/flipped')).toMatchObject({
      stuckFrom: 'moveCopied',
      code: 'COPY_DIFFERS',
      reason: expect.stringContaining('copied there twice'),
    });
    expect(await bench.file('bad/gone')).toMatchObject({ stuckFrom: 'moveCopied', code: 'COPY_MISSING' });
  });

  async function moveCopiedAgain(copies: string): Promise<void> {
    const claim = await bench.claim('moving');
    for (const name of ['flipped', 'gone']) {
      await rm(join(copies, name), { force: true });
      await writeFile(join(copies, name), `content of ${name}`);
    }
    await bench.register.applyTransitions(
      claim,
      claim.files.map((file) => ({ id: file.id, event: 'moveCopy', from: 'moving', to: 'moveCopied' })),
      { stage: 'move-copy', errorLimit: 1000 },
    );
  }

  /** The other store does not deliver `b`, which is offline there; records what it is asked to bring online. */
  function cold(asked: string[], change: Partial<Store> = {}): MoveVerifyStage {
    const digest: Store['digest'] = async (bag, paths, algorithms, work) =>
      (await bench.stores.get('other').digest(bag, paths, algorithms, work)).map((outcome, at) =>
        paths[at]!.toString().endsWith('/b') ? { error: new NotYet('COPY_OFFLINE', 'it is archived') } : outcome,
      );
    const bringOnline: Store['bringOnline'] = async (_bag, paths) => {
      asked.push(...paths.map(String));
      return paths.map(() => ({ ok: { online: false, state: 'in progress' } }));
    };
    return stageWith({ digest, bringOnline, ...change });
  }

  test('a copy that was already sealed there and is offline is requested, and waited for', async () => {
    await moveCopied('cold', ['a', 'b']);
    const asked: string[] = [];
    const sealed = cold(asked, { readTag: async () => Buffer.from('BagIt-Version: 1.0') });
    await bench.run(sealed);
    expect([(await bench.file('cold/a')).state, (await bench.file('cold/b')).state, asked]).toEqual([
      'moveVerified',
      'moveCopied',
      ['ManagedRepository/cold/b'],
    ]);
    expect(await bench.run(sealed).catch((thrown: unknown) => thrown)).toMatchObject({
      kind: 'not-yet',
      code: 'NOT_ONLINE_YET',
    });
    await bench.run(stageWith());
    expect((await bench.file('cold/b')).state).toBe('moveVerified');
  });

  test('one in an open bag, which nothing brings online, is for a person', async () => {
    await moveCopied('cold and open', ['a', 'b']);
    const asked: string[] = [];
    await bench.run(cold(asked));
    expect(await bench.file('cold and open/b')).toMatchObject({
      state: 'stuck',
      code: 'COPY_OFFLINE',
      reason: expect.stringContaining('open bag'),
    });
    expect([(await bench.file('cold and open/a')).state, asked]).toEqual(['moveVerified', []]);
  });

  test('also computes the digests that the other store compares copies by, for the manifests there', async () => {
    await moveCopied('digests', ['a']);
    await bench.run(stageWith({ wantedDigests: ['MD5-128'] }));
    expect((await bench.file('digests/a')).digests).toEqual({
      'SHA-256': createHash('sha256').update('content of a').digest('hex'),
      'MD5-128': createHash('md5').update('content of a').digest('hex'),
    });
  });
});
