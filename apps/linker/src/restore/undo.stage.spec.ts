import { existsSync } from 'node:fs';
import { appendFile, lstat, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Workbench } from '@coldroom/pipeline/testing';
import { LinkStage } from '../archive/link.stage';
import { HoldDirectories } from '@coldroom/trees';
import { HoldTime } from '../paths/places';
import { UndoStage } from './undo.stage';

describe('the undo stage', () => {
  let bench: Workbench;
  let link: LinkStage;
  let undo: UndoStage;
  const at = (path: string): string => bench.at(path).toString();

  beforeAll(async () => {
    bench = await Workbench.create('undo');
    const holds = new HoldDirectories([bench.holdDir]);
    link = new LinkStage(bench.stores, bench.originals, bench.register, holds, new HoldTime(0), bench.files);
    undo = new UndoStage(bench.stores, bench.originals, holds, bench.files);
  });
  afterAll(() => bench.close());

  async function durable(
    fileset: string,
    names: readonly string[],
  ): Promise<{ readonly id: bigint; readonly hold: string }> {
    const id = await bench.request({
      [fileset]: names.map((name) => ({ path: `${fileset}/${name}`, content: `content of ${name}` })),
    });
    await bench.bring('sealed');
    return { id, hold: join(bench.holdDir, `request-${id}-bag-1`) };
  }

  async function linked(fileset: string, names: readonly string[]): ReturnType<typeof durable> {
    const made = await durable(fileset, names);
    await bench.run(link);
    return made;
  }

  const heldAs = async (path: string, hold: string): Promise<string> =>
    join(hold, (await bench.file(path)).id.toString());

  test('originals return unchanged: same inode, same times, one name; no file of ours is left', async () => {
    const { id, hold } = await linked('back', ['a', 'b']);
    const before = await lstat(await heldAs('back/a', hold), { bigint: true });
    expect((await lstat(at('back/a'))).isSymbolicLink()).toBe(true);

    await bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
    await bench.run(undo);

    const after = await lstat(at('back/a'), { bigint: true });
    expect([after.ino, after.size, after.mtimeNs, after.nlink]).toEqual([before.ino, before.size, before.mtimeNs, 1n]);
    expect((await readdir(at('back'))).sort()).toEqual(['a', 'b']);
    expect(await readdir(hold)).toEqual([]);
    expect(await bench.file('back/a')).toMatchObject({ state: 'undone' });
  });

  test('whatever is not ours stays where it is, and the rest is restored', async () => {
    const { id, hold } = await linked('mixed', [
      'taken',
      'gone',
      'replaced',
      'notheld',
      'nowhere',
      'heldchanged',
      'sound',
    ]);
    await rename(at('mixed/taken'), at('mixed/moved'));
    await writeFile(at('mixed/taken'), 'theirs');
    await rm(at('mixed/gone'));
    await rm(at('mixed/replaced'));
    await symlink('/etc/hostname', at('mixed/replaced'));
    await rm(await heldAs('mixed/notheld', hold));
    await rm(await heldAs('mixed/nowhere', hold));
    await rm(at('mixed/nowhere'));
    await appendFile(await heldAs('mixed/heldchanged', hold), '!');

    await bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
    await bench.run(undo);

    const expected = {
      taken: ['PATH_TAKEN', "something that is not ours is at the original's path; the original is still held"],
      gone: ['LINK_GONE', 'the link is gone; was the image deleted in OMERO? The original is still held'],
      replaced: ['PATH_TAKEN', "something that is not ours is at the original's path; the original is still held"],
      nowhere: [
        'HOLD_MISSING',
        'the original is neither at its path nor held where it should be; nothing more was done',
      ],
      heldchanged: ['HELD_CHANGED', 'what is held is not the original that was hashed; nothing more was done'],
    };
    for (const [name, [code, reason]] of Object.entries(expected)) {
      expect([name, await bench.file(`mixed/${name}`)]).toMatchObject([
        name,
        { state: 'stuck', stuckFrom: 'undoing', code, reason },
      ]);
    }
    expect(await bench.file('mixed/notheld')).toMatchObject({ state: 'retrieving', code: 'HOLD_MISSING' });
    expect(await readFile(at('mixed/taken'), 'utf8')).toBe('theirs');
    expect(await readlink(at('mixed/replaced'))).toBe('/etc/hostname');
    for (const name of ['taken', 'gone', 'replaced'])
      expect(await readFile(await heldAs(`mixed/${name}`, hold), 'utf8')).toBe(`content of ${name}`);
    for (const name of ['notheld', 'heldchanged'])
      expect(await readFile(at(`mixed/${name}`), 'utf8')).toBe(`content of ${name}`); // through the link
    expect(await bench.file('mixed/sound')).toMatchObject({ state: 'undone' });
    expect(await readFile(at('mixed/sound'), 'utf8')).toBe('content of sound');
  });

  test('a directory that is gone affects only its own files', async () => {
    const id = await bench.request({
      gone: [{ path: 'away/x/a', content: 'a' }],
      sound: [{ path: 'there/a', content: 'b' }],
    });
    await bench.bring('sealed');
    await bench.run(link);
    await rm(at('away/x'), { recursive: true });

    await bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
    await bench.run(undo);

    expect(await bench.file('away/x/a')).toMatchObject({
      state: 'stuck',
      code: 'DIRECTORY_GONE',
      reason: expect.stringContaining('"away/x" is gone'),
    });
    expect(await bench.file('there/a')).toMatchObject({ state: 'undone' });
    expect((await lstat(at('there/a'))).isFile()).toBe(true);
  });

  test('an original that others changed or deleted before it was linked is given up at once', async () => {
    const { id, hold } = await durable('before', ['replaced', 'deleted', 'grown', 'x/gone']);
    await rm(at('before/replaced'));
    await writeFile(at('before/replaced'), 'another');
    await rm(at('before/deleted'));
    await rm(at('before/x'), { recursive: true });
    await appendFile(at('before/grown'), '!');
    await bench.run(link);
    for (const name of ['replaced', 'deleted', 'grown', 'x/gone'])
      expect([name, (await bench.file(`before/${name}`)).state]).toEqual([name, 'stuck']);

    await bench.register.operator.abandon({ kind: 'Request', ids: [id] }, 'boss');
    await bench.run(undo);

    for (const name of ['replaced', 'deleted', 'grown', 'x/gone'])
      expect([name, await bench.file(`before/${name}`)]).toMatchObject([name, { state: 'undone', code: null }]);
    expect(await readFile(at('before/replaced'), 'utf8')).toBe('another');
    expect(await readFile(at('before/grown'), 'utf8')).toBe('content of grown!');
    expect(existsSync(at('before/deleted'))).toBe(false);
    expect((await bench.register.requests.get(id))?.state).toBe('Finished');
    expect(await readdir(hold)).toEqual([]);
  });

  test('an original that was held and then changed in place keeps its only name', async () => {
    const { id, hold } = await durable('inplace', ['a', 'b']);
    // stops the swap of b after both are held
    await writeFile(at(`inplace/.coldroom-${(await bench.file('inplace/b')).id}`), 'theirs');
    await bench.run(link);
    expect(await bench.file('inplace/b')).toMatchObject({ state: 'stuck', code: 'TARGET_EXISTS' });
    expect((await lstat(at('inplace/b'))).nlink).toBe(2);
    await appendFile(at('inplace/b'), '!');

    await bench.register.operator.abandon({ kind: 'File', ids: [(await bench.file('inplace/b')).id] }, 'boss');
    await bench.run(undo);

    expect([await readFile(at('inplace/b'), 'utf8'), (await lstat(at('inplace/b'))).nlink]).toEqual([
      'content of b!',
      1,
    ]);
    expect(await bench.file('inplace/b')).toMatchObject({ state: 'undone' });
    expect(await readdir(hold)).toEqual([(await bench.file('inplace/a')).id.toString()]);
    await bench.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss');
    await bench.run(undo);
    expect(await readFile(at('inplace/a'), 'utf8')).toBe('content of a');
  });
});
