import { appendFile, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@coldroom/domain';
import { markerName, writeMarker } from '@coldroom/files';
import { Workbench, type PlannedOriginal } from '@coldroom/pipeline/testing';
import { CopyStage } from './copy.stage';

describe('the copy stage', () => {
  let bench: Workbench;
  let stage: CopyStage;

  beforeAll(async () => {
    bench = await Workbench.create('copy');
    stage = new CopyStage(bench.stores, bench.originals);
  });
  afterAll(() => bench.close());

  /** A request whose originals are hashed. Returns its bag's directory in the store. */
  async function hashed(fileset: string, originals: readonly PlannedOriginal[]): Promise<string> {
    const id = await bench.request({ [fileset]: originals });
    await bench.bring('hashed');
    return join(bench.storeDir, '.open', `request-${id}-bag-1`);
  }

  test('copies are stored under the name of their root and keep bytes, mode and times', async () => {
    const odd = Buffer.concat([Buffer.from('odd/line\nbreak '), Buffer.of(0xff, 0xfe)]);
    const bag = await hashed('odd', [
      { path: odd, content: 'odd' },
      { path: 'odd/empty', content: '' },
      { path: 'Dir-001/1000', content: 'pixels', root: 'Pixels' },
    ]);
    await utimes(bench.at('odd/empty'), 1, 1); // touched since: refused below

    await bench.run(stage);

    const at = Buffer.concat([Buffer.from(`${bag}/data/ManagedRepository/`), odd]);
    expect(await readFile(at, 'utf8')).toBe('odd');
    expect((await stat(at)).mode & 0o777).toBe(0o444);
    expect((await stat(at, { bigint: true })).mtimeNs).toBe((await stat(bench.at(odd), { bigint: true })).mtimeNs);
    expect(await readFile(join(bag, 'data/Pixels/Dir-001/1000'), 'utf8')).toBe('pixels');
    expect(await bench.file(odd)).toMatchObject({ state: 'copied', path: 'odd/line\\x0abreak \\xff\\xfe' });
    expect(await bench.file('odd/empty')).toMatchObject({
      state: 'stuck',
      code: 'SOURCE_CHANGED',
      reason: expect.stringContaining('odd/empty'),
    });
  });

  test('a file that changed or disappeared since it was hashed is stuck; its neighbours are copied', async () => {
    await hashed(
      'changed',
      ['grown', 'gone', 'linked', 'sound'].map((name) => ({ path: `changed/${name}`, content: name })),
    );
    await appendFile(bench.at('changed/grown'), '!');
    await rm(bench.at('changed/gone'));
    await rm(bench.at('changed/linked'));
    await symlink('sound', bench.at('changed/linked'));

    await bench.run(stage);

    expect(await bench.file('changed/grown')).toMatchObject({
      state: 'stuck',
      stuckFrom: 'hashed',
      code: 'SOURCE_CHANGED',
    });
    expect(await bench.file('changed/gone')).toMatchObject({ state: 'stuck', code: 'SOURCE_MISSING' });
    expect(await bench.file('changed/linked')).toMatchObject({ state: 'stuck', code: 'NOT_A_REGULAR_FILE' });
    expect(await bench.file('changed/sound')).toMatchObject({ state: 'copied' });
  });

  test('a file in the bag that is not ours is refused and left alone', async () => {
    const bag = await hashed('taken', [
      { path: 'taken/a', content: 'ours' },
      { path: 'taken/b', content: 'ours' },
    ]);
    await mkdir(join(bag, 'data/ManagedRepository/taken/a'), { recursive: true });
    await writeFile(join(bag, 'data/ManagedRepository/taken/a/theirs'), 'theirs');

    await bench.run(stage);

    expect(await bench.file('taken/a')).toMatchObject({
      state: 'stuck',
      code: 'TARGET_EXISTS',
      reason: expect.stringContaining('not ours'),
    });
    expect(await bench.file('taken/b')).toMatchObject({ state: 'copied' });
    expect(await readFile(join(bag, 'data/ManagedRepository/taken/a/theirs'), 'utf8')).toBe('theirs');
  });

  test('an unmounted repository or store, or another disk in its place, advances nothing', async () => {
    await hashed('away', [{ path: 'away/a', content: 'a' }]);
    for (const [directory, code] of [
      [bench.originals.directory('ManagedRepository'), 'ROOT_UNAVAILABLE'],
      [bench.storeDir, 'STORE_UNAVAILABLE'],
    ] as const) {
      const marker = join(directory, markerName);
      const content = await readFile(marker);
      await rm(marker);
      const error = await bench.run(stage).catch((thrown: unknown) => thrown);
      expect([codeOf(error), (error as Error).message]).toEqual([code, expect.stringContaining(directory)]);
      expect(await bench.file('away/a')).toMatchObject({ state: 'hashed' });
      await writeMarker(directory, directory === bench.storeDir ? 'main' : 'ManagedRepository');
      await expect(bench.run(stage)).rejects.toThrow('it is another disk than before');
      expect(await bench.file('away/a')).toMatchObject({ state: 'hashed' });
      await rm(marker);
      await writeFile(marker, content);
    }
    await bench.run(stage);
    expect(await bench.file('away/a')).toMatchObject({ state: 'copied' });
  });

  test('copying stops once another worker has taken over', async () => {
    const bag = await hashed('lost', [{ path: 'lost/a', content: 'a' }]);
    const abort = new AbortController();
    abort.abort(new Error('taken over'));
    const error = await bench.run(stage, { signal: abort.signal }).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('CLAIM_LOST');
    await expect(stat(bag)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await bench.file('lost/a')).toMatchObject({ state: 'hashed' });
  });
});
