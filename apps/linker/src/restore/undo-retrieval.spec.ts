import { existsSync } from 'node:fs';
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrashPoint } from '@coldroom/domain';
import { markerName } from '@coldroom/files';
import type { Target } from '@coldroom/register';
import { Archive } from '../testing/archive';

/** Files whose originals are held and whose retrieval was requested, and then the store is lost. */
describe('an undo of what is being retrieved, or online', () => {
  let archive: Archive;
  const at = (path: string): Buffer => archive.bench.at(path);
  const recallDir = (): string => join(archive.bench.dataDir, '..', 'recall');
  const whole = (id: bigint): Target => ({ kind: 'Request', ids: [id] });

  beforeEach(async () => {
    archive = await Archive.create('undo_way_back', { recallable: true });
  });
  afterEach(() => archive.close());

  async function held(names: readonly string[]): Promise<{ readonly id: bigint; readonly bag: string }> {
    const { id, bags } = await archive.of(
      { set: names.map((name) => ({ path: `set/${name}`, content: `content of ${name}` })) },
      { held: true },
    );
    return { id, bag: bags[0]! };
  }

  async function recalled(names: readonly string[]): Promise<{ readonly id: bigint; readonly bag: string }> {
    const made = await held(names);
    await archive.bench.ask(made.id, 'recall');
    await archive.proven();
    await archive.all(archive.place);
    expect(await archive.bench.file(`set/${names[0]}`)).toMatchObject({ state: 'recalled' });
    return made;
  }

  const loseStore = (): Promise<void> => rm(archive.bench.storeDir, { recursive: true });

  async function expectBack(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      expect([name, (await lstat(at(`set/${name}`))).isFile(), await readFile(at(`set/${name}`), 'utf8')]).toEqual([
        name,
        true,
        `content of ${name}`,
      ]);
      expect([name, (await archive.bench.file(`set/${name}`)).state]).toEqual([name, 'undone']);
    }
  }

  async function undone(id: bigint): Promise<void> {
    await archive.bench.register.operator.undo(whole(id), 'boss');
    await archive.all(archive.undo);
  }

  test('puts the held originals of recalled files back, and removes the recalled copies', async () => {
    const { id } = await recalled(['a', 'deep/b']);
    await loseStore();
    await undone(id);
    await expectBack('a', 'deep/b');
    expect([await archive.inHold(), await archive.inRecall()]).toEqual([[], []]);
    expect((await archive.bench.register.requests.get(id))?.state).toBe('Finished');
  });

  test('does so where a restore of them got stuck', async () => {
    const { id, bag } = await recalled(['a']);
    await archive.bench.ask(id, 'restore');
    const claim = await archive.bench.claim('retrieving');
    await archive.bench.register.applyTransitions(
      claim,
      claim.files.map((file) => ({
        id: file.id,
        event: 'fail',
        from: 'retrieving',
        to: 'stuck',
        code: 'COPY_MISSING',
        reason: 'gone',
      })),
      { stage: 'bring-online', errorLimit: 100 },
    );
    await loseStore();
    await undone(id);
    await expectBack('a');
    expect(existsSync(join(recallDir(), bag))).toBe(false);
  });

  test.each(['recall', 'restore'] as const)('removes what a %s fetched and proved, but did not place', async (way) => {
    const { id } = await held(['a', 'b']);
    await archive.bench.ask(id, 'recall');
    if (way === 'restore') {
      await archive.bench.register.retrievals.cancel(whole(id), 'boss');
      await archive.bench.ask(id, 'restore');
    }
    await archive.proven();
    await loseStore();
    await undone(id);
    await expectBack('a', 'b');
    expect([await archive.inHold(), await archive.inRecall()]).toEqual([[], []]);
  });

  test('leaves in the recall directory what is not ours, and reports it', async () => {
    const { id, bag } = await recalled(['a', 'b']);
    const online = join(recallDir(), bag, 'data/ManagedRepository/set/a');
    await writeFile(online, 'theirs');
    await undone(id);
    await expectBack('a', 'b');
    expect(await readFile(online, 'utf8')).toBe('theirs');
    expect(await archive.bench.file('set/a')).toMatchObject({
      code: 'RECALLED_COPY_CHANGED',
      reason: expect.stringContaining('the original is back'),
    });
    expect(await archive.bench.file('set/b')).toMatchObject({ code: null });
  });

  test('does not need the recall directory', async () => {
    const { id } = await recalled(['a']);
    await rename(join(recallDir(), markerName), join(recallDir(), 'away'));
    await undone(id);
    await expectBack('a');
    expect(await archive.bench.file('set/a')).toMatchObject({ code: 'ROOT_UNAVAILABLE' });
  });

  test('keeps the recalled copy where the original is not back', async () => {
    const { id, bag } = await recalled(['a']);
    await rm(at('set/a'));
    await undone(id);
    expect(await archive.bench.file('set/a')).toMatchObject({ state: 'stuck', code: 'LINK_GONE' });
    expect(existsSync(join(recallDir(), bag, 'data/ManagedRepository/set/a'))).toBe(true);
    expect(await archive.inHold()).toHaveLength(1);
  });

  test.each<[CrashPoint]>([['undo:1-swapped'], ['undo:2-synced'], ['expire:1-removed']])(
    'completes when the linker dies at %s',
    async (crashPoint) => {
      const { id } = await recalled(['a', 'b']);
      await loseStore();
      await archive.bench.register.operator.undo(whole(id), 'boss');
      await archive.killed(archive.undo, crashPoint);
      await archive.all(archive.undo);
      await expectBack('a', 'b');
      expect([await archive.inHold(), await archive.inRecall()]).toEqual([[], []]);
    },
  );
});
