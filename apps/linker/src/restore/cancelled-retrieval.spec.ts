import { lstat, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrashPoint } from '@coldroom/domain';
import { Archive } from '../testing/archive';

/** What a person cancels or requests again in the middle of a retrieval, and what the linker then finds. */
describe('a cancelled retrieval', () => {
  let archive: Archive;
  const at = (path: string): Buffer => archive.bench.at(path);

  beforeAll(async () => {
    archive = await Archive.create('given_up');
  });
  afterAll(() => archive.close());

  async function proven(
    fileset: string,
    { held = false } = {},
  ): Promise<{ readonly id: bigint; readonly hold: string }> {
    const {
      id,
      bags: [bag],
    } = await archive.of(
      { [fileset]: ['a', 'b'].map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })) },
      { held },
    );
    if (held) {
      // otherwise the restore would be an undo
      await archive.bench.ask(id, 'recall');
      await cancel(id);
    }
    await archive.bench.ask(id);
    await archive.proven();
    return { id, hold: join(archive.bench.holdDir, bag!) };
  }

  const cancel = (id: bigint): Promise<number> =>
    archive.bench.register.retrievals.cancel({ kind: 'Request', ids: [id] }, 'test');
  const isLink = async (path: string): Promise<boolean> => (await lstat(at(path))).isSymbolicLink();

  test('leaves the links, and removes what was fetched for it, whether complete or not', async () => {
    const { id, hold } = await proven('leftover');
    const [first] = await readdir(hold);
    await truncate(join(hold, first!), 3);
    await cancel(id);
    await archive.bench.run(archive.release());
    expect(await archive.inHold()).toEqual([]);
    for (const name of ['a', 'b'])
      expect([await archive.bench.file(`leftover/${name}`), await isLink(`leftover/${name}`)]).toMatchObject([
        { state: 'released' },
        true,
      ]);
  });

  test('leaves nothing but the held originals, long before their hold ends', async () => {
    const { id } = await proven('held', { held: true });
    expect(await archive.inHold()).toHaveLength(4);
    await cancel(id);
    expect(await archive.bench.run(archive.release(true))).toMatchObject({ transitions: [], wait: { code: 'HELD' } });
    expect(await archive.inHold()).toHaveLength(2);
    expect(await archive.bench.file('held/a')).toMatchObject({ state: 'linked' });
    await archive.bench.run(archive.release());
  });

  test('does not touch what is not ours under the name of the fetched file', async () => {
    const { id, hold } = await proven('theirs');
    const staged = join(hold, `${(await archive.bench.file('theirs/a')).id}.fetched`);
    await rm(staged);
    await symlink('/etc/passwd', staged);
    await cancel(id);
    await archive.bench.run(archive.release());
    expect(await archive.bench.file('theirs/a')).toMatchObject({
      state: 'stuck',
      stuckFrom: 'linked',
      code: 'TARGET_EXISTS',
    });
    expect((await lstat(staged)).isSymbolicLink()).toBe(true);
    expect(await archive.bench.file('theirs/b')).toMatchObject({ state: 'released' });
    await rm(staged);
  });

  test.each<[crashPoint: CrashPoint, held: boolean]>([
    ['place:1-swapped', false],
    ['place:2-tidied', false],
    ['place:3-synced', false],
    ['undo:1-swapped', true],
    ['place:1-swapped', true],
  ])(
    'after a crash at %s (held: %s): restored files stay restored, the rest stays archived',
    async (crashPoint, held) => {
      const fileset = `crash ${crashPoint} ${held}`;
      const { id } = await proven(fileset, { held });
      await archive.killed(archive.place, crashPoint);
      await cancel(id);

      await archive.all(archive.release());

      let back = 0;
      for (const name of ['a', 'b']) {
        const link = await isLink(`${fileset}/${name}`);
        expect(await archive.bench.file(`${fileset}/${name}`)).toMatchObject({ state: link ? 'released' : 'restored' });
        expect(await readFile(at(`${fileset}/${name}`), 'utf8')).toBe(`content of ${name}`);
        if (!link) back += 1;
      }
      expect(back).toBeGreaterThan(0);
      expect(await archive.inHold()).toEqual([]);
      // What stayed may be requested again, and then all is there.
      if (back < 2) expect(await archive.bench.ask(id)).toBe(2 - back);
      await archive.proven();
      await archive.all(archive.place);
      expect([await isLink(`${fileset}/a`), await isLink(`${fileset}/b`), await archive.inHold()]).toEqual([
        false,
        false,
        [],
      ]);
    },
  );

  test('and requested again before the linker runs: what is at the path is recognised in the end', async () => {
    const { id } = await proven('at once');
    await archive.killed(archive.place, 'place:1-swapped');
    await cancel(id);
    await archive.bench.ask(id);
    await expect(archive.proven()).rejects.toThrow(/not ours/); // the link is where the file is to be fetched to
    await cancel(id);
    await archive.all(archive.release());
    const states = await Promise.all(
      ['a', 'b'].map(async (name) => (await archive.bench.file(`at once/${name}`)).state),
    );
    expect(states).toContain('restored');
    for (const name of ['a', 'b']) expect(await readFile(at(`at once/${name}`), 'utf8')).toBe(`content of ${name}`);
    expect(await archive.inHold()).toEqual([]);
  });
});

test('an undo that finds the space already freed, as after a crash, fetches from the store', async () => {
  const archive = await Archive.create('freed');
  try {
    const { id } = await archive.of(
      { freed: ['a', 'b'].map((name) => ({ path: `freed/${name}`, content: name })) },
      { held: true },
    );
    await archive.killed(archive.release(), 'release:1-removed');
    const freed = 2 - (await archive.inHold()).length;
    expect(freed).toBeGreaterThan(0);
    expect(await archive.bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'test')).toMatchObject({
      undoing: 2,
    });
    const { transitions } = await archive.bench.run(archive.undo);
    expect(transitions.map((move) => move.to).sort()).toEqual([
      ...Array<string>(freed).fill('retrieving'),
      ...Array<string>(2 - freed).fill('undone'),
    ]);
    await archive.proven();
    await archive.all(archive.place);
    for (const name of ['a', 'b'])
      expect([
        (await lstat(archive.bench.at(`freed/${name}`))).isFile(),
        await readFile(archive.bench.at(`freed/${name}`), 'utf8'),
      ]).toEqual([true, name]);
    expect(await archive.inHold()).toEqual([]);

    const { id: other } = await archive.of({ gone: [{ path: 'gone/a', content: 'a' }] }, { held: true });
    await archive.bench.register.operator.undo({ kind: 'Request', ids: [other] }, 'test');
    for (const left of await archive.inHold()) await rm(join(archive.bench.holdDir, left));
    await rm(archive.bench.at('gone/a'));
    await writeFile(archive.bench.at('gone/a'), 'theirs');
    await archive.bench.run(archive.undo);
    expect(await archive.bench.file('gone/a')).toMatchObject({ state: 'stuck', code: 'HOLD_MISSING' });
  } finally {
    await archive.close();
  }
});
