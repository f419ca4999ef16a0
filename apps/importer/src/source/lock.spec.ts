import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { SourcePlaces } from './places';
import { importedPath } from './imported-path';
import { Imports } from '@coldroom/buffers';
import { describeOn, mountOn } from '@coldroom/files/testing';
import { SourceScene } from '../testing/source-scene';

let scene: SourceScene;
beforeEach(async () => {
  scene = await SourceScene.make();
});
afterEach(() => scene.close());

const own = (id: bigint, path: string): Buffer => scene.at(`.coldroom-locks/${id}/${path}`);
const inode = (path: Buffer): bigint => lstatSync(path, { bigint: true }).ino;
const content = (path: string | Buffer): string =>
  readFileSync(typeof path === 'string' ? scene.at(path) : path, 'utf8');
const hasLocks = (id: bigint): boolean => existsSync(scene.at(`.coldroom-locks/${id}`));

async function settled(source = 'set', transfer?: 'ln_s'): Promise<bigint> {
  scene.write('set/a.tif', 'one');
  scene.write("set/deep/b\n'.tif", 'two');
  const id = await scene.order(source, transfer);
  await scene.settle(id);
  return id;
}
const pathOf = async (id: bigint): Promise<string> =>
  String(
    await importedPath(new SourcePlaces(new Imports(scene.importsSettings(), '/nowhere')), await scene.get(id), {
      path: Buffer.from('a.tif'),
    }),
  );

it('locks by hard links in a directory of ours, and these are imported', async () => {
  const id = await settled();
  await scene.run('lock', id);
  expect(await scene.get(id)).toMatchObject({ state: 'locked', lock: 'links' });
  expect(inode(own(id, 'set/a.tif'))).toBe(inode(scene.at('set/a.tif')));
  expect(await pathOf(id)).toBe(own(id, 'set/a.tif').toString());
  expect(lstatSync(scene.at('.coldroom-locks')).mode & 0o777).toBe(0o750);
});

it('locks a single file', async () => {
  scene.write('one.tif', 'one');
  const id = await scene.order('one.tif');
  await scene.settle(id);
  await scene.run('lock', id);
  expect(content(own(id, 'one.tif'))).toBe('one');
});

it.each([
  ['a file that was changed', () => appendFileSync(scene.at('set/a.tif'), 'more')],
  [
    'a file that was replaced',
    () => {
      writeFileSync(scene.at('new'), 'one');
      renameSync(scene.at('new'), scene.at('set/a.tif'));
    },
  ],
  ['a file that is gone', () => rmSync(scene.at('set/a.tif'))],
  ['a file that came', () => writeFileSync(scene.at('set/c.tif'), 'three')],
  [
    'a directory that became a link',
    () => {
      renameSync(scene.at('set/deep'), scene.at('deep'));
      symlinkSync('../deep', scene.at('set/deep'));
    },
  ],
])('starts again with %s, and leaves no lock', async (_what, change) => {
  for (const lock of ['links', 'moved', 'none']) {
    scene.configure({ lock });
    rmSync(scene.at('set'), { recursive: true, force: true });
    rmSync(scene.at('deep'), { recursive: true, force: true });
    const id = await settled();
    change();
    await scene.run('lock', id);
    expect((await scene.get(id)).state).toBe('ordered');
    expect(hasLocks(id)).toBe(false);
    expect(existsSync(scene.at('set'))).toBe(true);
    await scene.sql.query(`UPDATE import_order SET state = 'cancelled', released_at = now() WHERE id = $1`, [id]);
  }
});

it('moves the files where the site wants that, and says so', async () => {
  scene.configure({ lock: 'moved' });
  const id = await settled();
  await scene.run('lock', id);
  expect(await scene.get(id)).toMatchObject({ state: 'locked', lock: 'moved' });
  expect(existsSync(scene.at('set/a.tif'))).toBe(false);
  expect(content(own(id, 'set/a.tif'))).toBe('one');
});

it('imports the source itself by ln_s, and where nothing is to be locked', async () => {
  scene.configure({ lock: 'none' });
  const id = await settled();
  await scene.run('lock', id);
  expect(await scene.get(id)).toMatchObject({ state: 'locked', lock: 'none' });
  expect(await pathOf(id)).toBe(scene.at('set/a.tif').toString());
  expect(existsSync(scene.at('.coldroom-locks'))).toBe(false);
});

it('refuses a directory for locks in which others may write', async () => {
  const id = await settled();
  mkdirSync(scene.at('.coldroom-locks'));
  execFileSync('chmod', ['777', scene.at('.coldroom-locks').toString()]);
  await expect(scene.run('lock', id)).rejects.toMatchObject({ code: 'IMPORT_LOCKS_NOT_OURS' });
});

describeOn('tmpfs', 'where hard links cannot be made', () => {
  it.each([
    ['refuse', null],
    ['moved', null],
    ['none', 'none'],
  ] as const)('with fallback %s the lock is %s', async (fallback, lock) => {
    scene.configure({ fallback });
    mkdirSync(scene.at('set'));
    const unmount = mountOn('tmpfs', scene.at('set').toString());
    try {
      const id = await settled();
      if (lock) {
        await scene.run('lock', id);
        expect((await scene.get(id)).lock).toBe(lock);
      } else {
        // A move to another file system is not possible either.
        const code = fallback === 'refuse' ? 'LINK_NOT_POSSIBLE' : 'MOVE_NOT_POSSIBLE';
        await expect(scene.run('lock', id)).rejects.toMatchObject({ code });
      }
      expect(content('set/a.tif')).toBe('one');
    } finally {
      unmount();
    }
  });
});

describe('a worker that is killed while it locks', () => {
  const points = [
    'import-lock:1-linked',
    'import-lock:1-linked:2',
    'import-lock:2-synced',
    'transition:1-before-commit',
    'transition:2-after-commit',
  ];
  it.each(points)('at %s', async (point) => {
    const id = await settled();
    expect(scene.killAt(point, 'lock', id)).toBe('SIGKILL');
    if ((await scene.get(id)).state === 'settled') await scene.run('lock', id);
    expect((await scene.get(id)).state).toBe('locked');
    expect([content(own(id, 'set/a.tif')), content('set/a.tif')]).toEqual(['one', 'one']);
    expect(lstatSync(scene.at('set/a.tif')).nlink).toBe(2);
  });

  it.each(['import-move:1-moved', 'import-move:1-moved:2', 'import-move:2-synced'])('at %s', async (point) => {
    scene.configure({ lock: 'moved' });
    const id = await settled();
    expect(scene.killAt(point, 'lock', id)).toBe('SIGKILL');
    await scene.run('lock', id);
    expect(content(own(id, 'set/a.tif'))).toBe('one');
    // Or it is cancelled, and everything goes back.
    await scene.sql.query(`UPDATE import_order SET state = 'cancelled' WHERE id = $1`, [id]);
    await scene.run('release', id);
    expect([content('set/a.tif'), content(`set/deep/b\n'.tif`)]).toEqual(['one', 'two']);
    expect(hasLocks(id)).toBe(false);
  });
});

describe('a file that was linked, and then replaced or renamed before all were', () => {
  const asides = (): readonly string[] =>
    readdirSync(scene.at('.coldroom-locks').toString()).filter((name) => name.includes('-kept-'));

  it.each([
    [
      'replaced',
      () => {
        writeFileSync(scene.at('new'), 'newer');
        renameSync(scene.at('new'), scene.at('set/a.tif'));
      },
      'set/a.tif',
      'newer',
    ],
    ['renamed', () => renameSync(scene.at('set/a.tif'), scene.at('set/z.tif')), 'set/z.tif', 'one'],
  ])('%s: the new set is imported, without the old file, which is set aside', async (_what, change, now, bytes) => {
    const id = await settled();
    expect(scene.killAt('import-lock:2-synced', 'lock', id)).toBe('SIGKILL');
    change();
    await scene.run('lock', id);
    expect((await scene.get(id)).state).toBe('ordered');
    await scene.run('settle', id);
    await scene.run('lock', id);
    expect((await scene.get(id)).state).toBe('locked');
    const locked = (await scene.rows(id)).map(({ path }) => path.toString()).sort();
    expect(locked).toEqual([now.slice(4), `deep/b\n'.tif`].sort());
    expect(readdirSync(own(id, '').toString().concat('set')).sort()).toEqual([now.slice(4), 'deep'].sort());
    expect(content(own(id, now))).toBe(bytes);
    expect(asides()).toHaveLength(1);
    expect(content(`.coldroom-locks/${asides()[0]}/set/a.tif`)).toBe('one');
  });
});

describe('a cancelled order', () => {
  async function cancelled(): Promise<bigint> {
    const id = await settled();
    await scene.run('lock', id);
    await scene.sql.query(`UPDATE import_order SET state = 'cancelled' WHERE id = $1`, [id]);
    return id;
  }

  it('has its locks taken away once', async () => {
    const id = await cancelled();
    expect(await scene.register.imports.looks.toRelease()).toEqual([id]);
    await scene.run('release', id);
    expect(await scene.register.imports.looks.toRelease()).toEqual([]);
    expect(hasLocks(id)).toBe(false);
    expect(lstatSync(scene.at('set/a.tif')).nlink).toBe(1);
  });

  it('gives back what the person has deleted meanwhile, and keeps what cannot go back', async () => {
    const id = await cancelled();
    rmSync(scene.at('set/a.tif'));
    rmSync(scene.at('set/deep'), { recursive: true });
    await scene.run('release', id);
    expect(content('set/a.tif')).toBe('one');
    expect(content(own(id, `set/deep/b\n'.tif`))).toBe('two');
    const { rows } = await scene.sql.query(`SELECT detail FROM event WHERE what = 'import files kept'`);
    expect(rows).toEqual([{ detail: { returned: 1, kept: 1, shown: ["set/deep/b\\x0a'.tif"] } }]);
  });

  it('keeps its locks, and does not get stuck, while its buffer is not in the imports file', async () => {
    const id = await cancelled();
    const { buffer } = scene;
    Object.assign(scene, { buffer: `${scene.dir}/other` });
    await expect(scene.run('release', id)).rejects.toMatchObject({ kind: 'not-yet', code: 'IMPORT_LOCKS_LEFT' });
    Object.assign(scene, { buffer });
    expect(hasLocks(id)).toBe(true);
  });

  it.each(['import-unlock:1-released', 'import-unlock:1-released:2', 'import-unlock:2-synced'])(
    'whose worker is killed at %s loses nothing',
    async (point) => {
      const id = await cancelled();
      expect(scene.killAt(point, 'release', id)).toBe('SIGKILL');
      await scene.run('release', id);
      expect(hasLocks(id)).toBe(false);
      expect([content('set/a.tif'), content(`set/deep/b\n'.tif`)]).toEqual(['one', 'two']);
    },
  );
});
