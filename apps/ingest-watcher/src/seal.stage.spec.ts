import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CopyStatus, Store } from '@coldroom/domain';
import { Workbench } from '@coldroom/pipeline/testing';
import { SealStage } from './seal.stage';

describe('the seal stage', () => {
  let bench: Workbench;
  let stage: SealStage;

  beforeAll(async () => {
    bench = await Workbench.create('ingest');
    stage = new SealStage(bench.stores, bench.register);
  });
  afterAll(() => bench.close());

  async function verified(fileset: string, names: readonly string[]): Promise<string> {
    const id = await bench.request({
      [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
    });
    await bench.bring('verified');
    return `request-${id}-bag-1`;
  }

  const data = (bag: string, fileset: string): string =>
    join(bench.storeDir, '.open', bag, 'data/ManagedRepository', fileset);

  test('a bag is sealed with manifests that prove it without Coldroom, and its files are durable', async () => {
    const bag = await verified('whole', ['a', 'b']);
    const { transitions, sealed } = await bench.run(stage);
    expect([transitions.map((move) => move.to), sealed]).toEqual([['sealed', 'sealed'], true]);

    const directory = join(bench.storeDir, bag);
    expect((await readdir(directory)).sort()).toEqual([
      'bag-info.txt',
      'bagit.txt',
      'data',
      'manifest-sha256.txt',
      'omero.jsonl',
      'tagmanifest-sha256.txt',
    ]);
    for (const manifest of ['manifest-sha256.txt', 'tagmanifest-sha256.txt']) {
      expect(
        execFileSync('sha256sum', ['--strict', '-c', manifest], { cwd: directory, encoding: 'utf8' }),
      ).not.toContain('FAILED');
    }
    const [line] = (await readFile(join(directory, 'omero.jsonl'), 'utf8')).split('\n');
    expect(line).toMatch(/whole\/[ab]/);
    expect(line).toContain('ada');
  });

  test('a crash after the seal: a second run ends in the same state', async () => {
    const bag = await verified('again', ['a']);
    const claim = await bench.claim('verified');
    const work = {
      signal: new AbortController().signal,
      deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
      progress: () => undefined,
      check: () => undefined,
    };
    await stage.run(claim, work);
    await bench.register.claims.releaseClaim(claim);
    const before = await readFile(join(bench.storeDir, bag, 'tagmanifest-sha256.txt'), 'utf8');

    await bench.run(stage);

    expect(await bench.file('again/a')).toMatchObject({ state: 'sealed' });
    expect(await readFile(join(bench.storeDir, bag, 'tagmanifest-sha256.txt'), 'utf8')).toBe(before);
  });

  test('a bag that was sealed by earlier rules for names is recognised as sealed', async () => {
    const bag = await verified('earlier', ['50%', 'back\\slash']);
    const byEarlierRules: Store = Object.create(bench.stores.default, {
      readTag: { value: async () => Buffer.from('Bag-Software-Agent: Coldroom\n') },
      stat: {
        value: async (name: string, paths: readonly Buffer[]) =>
          (await bench.stores.default.stat(name, paths)).map((status) => status && { ...status, durable: 'no' }),
      },
    }) as Store;
    await bench.run(new SealStage({ ...bench.stores, get: () => byEarlierRules }, bench.register));
    const manifest = await readFile(join(bench.storeDir, bag, 'manifest-sha256.txt'), 'utf8');
    expect(manifest).toContain('data/ManagedRepository/earlier/50%\n');

    await bench.run(stage);

    for (const path of ['earlier/50%', 'earlier/back\\slash'])
      expect(await bench.file(path)).toMatchObject({ state: 'sealed' });
    expect(await readFile(join(bench.storeDir, bag, 'manifest-sha256.txt'), 'utf8')).toBe(manifest);
  });

  test('a file that was set aside before is not in the sealed bag', async () => {
    const bag = await verified('partly', ['good', 'bad']);
    const bad = await bench.file('partly/bad');
    const claim = await bench.claim('verified');
    await bench.register.applyTransitions(
      claim,
      [
        {
          id: bad.id,
          event: 'fail',
          from: 'verified',
          to: 'stuck',
          code: 'COPY_DIFFERS',
          reason: 'as the test wants it',
        },
      ],
      { stage: 'verify', errorLimit: 1000 },
    );

    await bench.run(stage);

    expect(await readdir(join(bench.storeDir, bag, 'data/ManagedRepository/partly'))).toEqual(['good']);
    expect(await bench.file('partly/good')).toMatchObject({ state: 'sealed' });
  });

  test('a copy that is gone or was touched since its proof is stuck, and not in the sealed bag', async () => {
    const bag = await verified('spoiled', ['gone', 'touched', 'sound']);
    await rm(join(data(bag, 'spoiled'), 'gone'));
    await chmod(join(data(bag, 'spoiled'), 'touched'), 0o644);
    await writeFile(join(data(bag, 'spoiled'), 'touched'), 'Content of touched');

    await bench.run(stage);

    expect(await bench.file('spoiled/gone')).toMatchObject({
      state: 'stuck',
      stuckFrom: 'verified',
      code: 'COPY_MISSING',
      reason: 'the store does not have the copy that was proven',
    });
    expect(await bench.file('spoiled/touched')).toMatchObject({
      state: 'stuck',
      code: 'COPY_CHANGED',
      reason: 'the copy is not the one that was proven',
    });
    expect(await bench.file('spoiled/sound')).toMatchObject({ state: 'sealed' });
    expect(await readdir(join(bench.storeDir, bag, 'data/ManagedRepository/spoiled'))).toEqual(['sound']);
    expect(
      execFileSync('sha256sum', ['--strict', '-c', 'manifest-sha256.txt'], {
        cwd: join(bench.storeDir, bag),
        encoding: 'utf8',
      }),
    ).toContain('sound: OK');
  });

  test('a bag without a single good copy is not sealed', async () => {
    const bag = await verified('nothing', ['a']);
    await rm(join(data(bag, 'nothing'), 'a'));
    await bench.run(stage);
    expect(await bench.file('nothing/a')).toMatchObject({ state: 'stuck', code: 'COPY_MISSING' });
    await expect(readdir(join(bench.storeDir, bag))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a store that reports only part of a bag as durable is asked again; the bag stays as sealed', async () => {
    await verified('slow', ['a', 'b']);
    let slow = true;
    const store: Store = Object.create(bench.stores.default, {
      stat: {
        value: async (bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]> => {
          const real = await bench.stores.default.stat(bag, paths);
          return real.map((status, index) =>
            status && slow && index === 1 ? { ...status, durable: 'no', replicationState: 'amber' } : status,
          );
        },
      },
    }) as Store;
    const watching = new SealStage({ ...bench.stores, get: () => store }, bench.register);

    const first = await bench.run(watching);
    expect(first.transitions).toEqual([]);
    expect(first.wait).toMatchObject({
      code: 'NOT_DURABLE_YET',
      message: expect.stringMatching(
        /^store main does not call bag request-\d+-bag-1 durable yet \(.*amber.*\); it is asked again until it does for every copy$/,
      ),
    });

    slow = false;
    await bench.run(watching);
    for (const path of ['slow/a', 'slow/b']) expect(await bench.file(path)).toMatchObject({ state: 'sealed' });
  });
});
