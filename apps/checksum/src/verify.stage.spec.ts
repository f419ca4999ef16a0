import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, NotYet, type Store } from '@coldroom/domain';
import { markerName } from '@coldroom/files';
import { Workbench } from '@coldroom/pipeline/testing';
import { HashStage } from './hash.stage';
import { VerifyStage } from './verify.stage';

describe('the verify stage', () => {
  let bench: Workbench;
  let hash: HashStage;
  let verify: VerifyStage;

  beforeAll(async () => {
    bench = await Workbench.create('verify');
    hash = new HashStage(bench.files, bench.originals, bench.stores);
    verify = new VerifyStage(bench.stores);
  });
  afterAll(() => bench.close());

  async function copied(fileset: string, names: readonly string[]): Promise<string> {
    const id = await bench.request({
      [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
    });
    await bench.run(hash);
    await bench.bring('copied');
    return join(bench.storeDir, '.open', `request-${id}-bag-1`, 'data', 'ManagedRepository', fileset);
  }

  test('a correct copy is verified, and its state at that time is recorded', async () => {
    await copied('right', ['a', 'b']);
    const { transitions } = await bench.run(verify);
    expect(transitions).toHaveLength(2);
    for (const transition of transitions)
      expect(transition).toMatchObject({
        to: 'verified',
        copyRead: 'cached',
        copyVersion: expect.stringMatching(/^\d+:\d+:\d+:\d+$/),
      });
    expect(await bench.file('right/a')).toMatchObject({ state: 'verified', copyRead: 'cached' });
  });

  test('a copy that went offline at once is for a person: nothing brings an open bag online', async () => {
    await copied('cold', ['a', 'b']);
    const digest: Store['digest'] = async (bag, paths, algorithms, work) =>
      (await bench.stores.default.digest(bag, paths, algorithms, work)).map((outcome, at) =>
        at === 0 ? { error: new NotYet('COPY_OFFLINE', 'it is archived.') } : outcome,
      );
    const store = Object.assign(Object.create(bench.stores.default) as Store, { digest });
    await bench.run(new VerifyStage({ ...bench.stores, get: () => store }));
    expect(await bench.file('cold/a')).toMatchObject({
      state: 'stuck',
      code: 'COPY_OFFLINE',
      reason: expect.stringContaining('open bag'),
    });
    expect(await bench.file('cold/b')).toMatchObject({ state: 'verified' });
  });

  test('a copy that differs, is short or gone is copied once more, then stuck; neighbours continue', async () => {
    const directory = await copied('wrong', ['flipped', 'short', 'gone', 'sound']);
    const spoil = async (): Promise<void> => {
      for (const name of ['flipped', 'short']) await chmod(join(directory, name), 0o644);
      await writeFile(join(directory, 'flipped'), 'Content of flipped');
      await writeFile(join(directory, 'short'), 'content');
      await rm(join(directory, 'gone'));
    };
    await spoil();

    await bench.run(verify);
    for (const name of ['flipped', 'short', 'gone'])
      expect([name, await bench.file(`wrong/${name}`)]).toMatchObject([
        name,
        { state: 'hashed', code: 'COPY_DIFFERS' },
      ]);
    expect(await bench.file('wrong/sound')).toMatchObject({ state: 'verified' });

    await bench.bring('copied');
    expect((await readdir(directory)).sort()).toEqual(['flipped', 'gone', 'short', 'sound']);
    await spoil();
    await bench.run(verify);
    for (const name of ['flipped', 'short', 'gone']) {
      const file = await bench.file(`wrong/${name}`);
      expect(file).toMatchObject({ state: 'stuck', stuckFrom: 'copied', code: 'COPY_DIFFERS' });
      expect(file.reason).toContain(
        name === 'gone' ? 'the copy is not there; it was copied twice' : 'it was copied twice',
      );
    }
    expect((await bench.file('wrong/short')).reason).toMatch(
      /^the copy has 7 bytes and SHA-256 [0-9a-f]{64}, the original 16 and [0-9a-f]{64}; it was copied twice$/,
    );
  });

  test('a copy that the second attempt repaired continues', async () => {
    const directory = await copied('repaired', ['a']);
    await rm(join(directory, 'a'));
    await bench.run(verify);
    await bench.bring('copied');
    await bench.run(verify);
    expect(await bench.file('repaired/a')).toMatchObject({ state: 'verified', code: null });
  });

  test('a store that is unavailable proves nothing: the copies are not reported as missing', async () => {
    await copied('away', ['a']);
    await rm(join(bench.storeDir, markerName));
    const error = await bench.run(verify).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('STORE_UNAVAILABLE');
    expect((error as Error).message).toContain(bench.storeDir);
    expect(await bench.file('away/a')).toMatchObject({ state: 'copied' });
  });

  test('a bag of a store that is no longer in the settings is refused by name', async () => {
    const stores = { ...bench.stores, get: (): Store => bench.stores.get('tape') };
    await expect(bench.run(new VerifyStage(stores))).rejects.toThrow(
      'The settings name no store "tape"; there are main, other.',
    );
  });
});
