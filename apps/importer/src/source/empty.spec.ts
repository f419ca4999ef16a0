import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { SourceScene } from '../testing/source-scene';

let scene: SourceScene;
beforeEach(async () => {
  scene = await SourceScene.make();
  scene.configure({ remove: 0 });
});
afterEach(() => scene.close());

const names = ['a.tif', `deep/b\n'.tif`, '-c.tif'];
const kept = { kind: 'not-yet', code: 'IMPORT_SOURCE_KEPT' };
const here = (): readonly boolean[] => names.map((name) => existsSync(scene.at(`set/${name}`)));
const all = [true, true, true];
function inRepository(name: string, content = `content of ${name}`): string {
  const path = `${scene.repository}/${name}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A proven import whose files OMERO has as copies, but for those that it left out. */
async function done(leftOut: Readonly<Record<string, string>> = {}): Promise<bigint> {
  for (const name of names) {
    scene.write(`set/${name}`, `content of ${name}`);
    inRepository(name);
  }
  for (const [name, content] of Object.entries(leftOut)) scene.write(`set/${name}`, content);
  const id = await scene.verified('set', 'upload', { leftOut: Object.keys(leftOut) });
  await scene.run('unlock', id);
  return id;
}

it('removes the whole set, its directories, and nothing beside it', async () => {
  const id = await done();
  scene.write('beside/a', 'beside');
  await scene.run('empty', id);
  expect((await scene.get(id)).state).toBe('emptied');
  expect(readdirSync(scene.buffer).sort()).toEqual(['.coldroom-locks', '.coldroom-root', 'beside']);
  expect(readdirSync(scene.at('.coldroom-locks'))).toEqual([]);
  const { rows } = await scene.sql.query(
    'SELECT count(*)::int AS removed FROM import_file WHERE removed_at IS NOT NULL',
  );
  expect(rows).toEqual([{ removed: 3 }]);
});

it('removes a single file', async () => {
  scene.write('one.tif', 'one');
  inRepository('file', 'one');
  const id = await scene.verified('one.tif');
  await scene.run('unlock', id);
  await scene.run('empty', id);
  expect(existsSync(scene.at('one.tif'))).toBe(false);
});

it.each([
  ['OMERO lacks a file', () => rmSync(`${scene.repository}/a.tif`)],
  ['OMERO has another content', () => inRepository('a.tif', 'content of b.tif')],
  ['a source was changed', () => appendFileSync(scene.at('set/-c.tif'), 'more')],
  [
    'a source was changed, and its mtime put back',
    () => {
      writeFileSync(scene.at('set/-c.tif'), 'CONTENT OF -c.tif');
      utimesSync(scene.at('set/-c.tif'), 1, 1);
    },
  ],
  [
    'a source was replaced',
    () => {
      scene.write('new', 'content of a.tif');
      renameSync(scene.at('new'), scene.at('set/a.tif'));
    },
  ],
  [
    'a source is a link now',
    () => {
      renameSync(scene.at('set/a.tif'), scene.at('a'));
      symlinkSync('../a', scene.at('set/a.tif'));
    },
  ],
  [
    'removal is stopped',
    () => {
      scene.stopped = true;
    },
  ],
  ['the time is not over', () => scene.configure({ remove: '1d' })],
  ['sources are never removed', () => scene.configure({ remove: 'never' })],
  ['the buffer has become permanent', () => scene.configure({ permanent: true })],
])('keeps all if %s', async (_why, change) => {
  const id = await done();
  change();
  await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
  expect(here()).toEqual(all);
  expect((await scene.get(id)).state).toBe('done');
});

it('keeps all, and does not get stuck, where the way to a source became a link', async () => {
  const id = await done();
  rmSync(scene.at('set/deep'), { recursive: true });
  symlinkSync('../elsewhere', scene.at('set/deep'));
  await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
  expect(existsSync(scene.at('set/a.tif'))).toBe(true);
});

it('keeps all while a cancelled order may still have files of it', async () => {
  const id = await done();
  await scene.sql.query(
    `INSERT INTO import_order (state, code, person_id, person, group_id, group_name, source, display, target, transfer, origin, ordered_by)
     VALUES ('cancelled', 'CANCELLED', 8, 'bob', 3, 'lab', $1, 'x', 'Dataset:5', 'upload', 'command', 'bob')`,
    [scene.at('set')],
  );
  await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
  expect(here()).toEqual(all);
  await scene.sql.query(`UPDATE import_order SET released_at = now() WHERE state = 'cancelled'`);
  await scene.run('empty', id);
});

it('keeps all while another order works on the same files, on a part of them, or on what contains them', async () => {
  const id = await done();
  scene.write('set2/a', 'beside');
  await scene.order('set2');
  for (const source of ['set/a.tif', 'set']) {
    const { rows } = await scene.sql.query(
      `INSERT INTO import_order (state, person_id, person, group_id, group_name, source, display, target, transfer, origin, ordered_by)
       VALUES ('ordered', 8, 'bob', 3, 'lab', $1, 'x', 'Dataset:5', 'upload', 'command', 'bob') RETURNING id`,
      [scene.at(source)],
    );
    await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
    expect(here()).toEqual(all);
    await scene.sql.query('DELETE FROM import_order WHERE id = $1', [rows[0].id]);
  }
  await scene.run('empty', id);
});

it('keeps a source whose content was changed while size and mtime were not', async () => {
  for (const name of names) {
    scene.write(`set/${name}`, `content of ${name}`);
    utimesSync(scene.at(`set/${name}`), 1_000_000, 1_000_000);
    inRepository(name);
  }
  const id = await scene.verified('set');
  await scene.run('unlock', id);
  writeFileSync(scene.at('set/a.tif'), 'CONTENT OF a.tif');
  utimesSync(scene.at('set/a.tif'), 1_000_000, 1_000_000);
  await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
  expect(here()).toEqual(all);
});

it('keeps the only name of the file that OMERO reads, and removes one of two', async () => {
  const id = await done();
  rmSync(`${scene.repository}/a.tif`);
  linkSync(scene.at('set/a.tif'), `${scene.repository}/a.tif`);
  await scene.run('empty', id);
  expect(readFileSync(`${scene.repository}/a.tif`, 'utf8')).toBe('content of a.tif');
  expect(here()).toEqual([false, false, false]);
});

describe('what changes after all was found right', () => {
  /** Calls `act` when OMERO was asked for this file a second time: it was moved aside, and nothing is removed yet. */
  function atLast(name: string, act: () => void): void {
    let asked = 0;
    scene.afterLook = (path) => {
      if (path.toString() === name && ++asked === 2) act();
    };
  }

  it('a file that has lost its other name in OMERO goes back', async () => {
    const id = await done();
    rmSync(`${scene.repository}/a.tif`);
    linkSync(scene.at('set/a.tif'), `${scene.repository}/a.tif`);
    atLast('a.tif', () => rmSync(`${scene.repository}/a.tif`));
    await expect(scene.run('empty', id)).rejects.toThrow(/"a\.tif" was changed or lost a name/);
    expect(here()).toEqual(all);
  });

  it('a source that is replaced before it is moved is not removed, nor are the others', async () => {
    const id = await done();
    let asked = 0;
    scene.afterLook = () => {
      if (++asked !== 3) return;
      scene.write('new', 'newer');
      renameSync(scene.at('new'), scene.at('set/a.tif'));
    };
    await expect(scene.run('empty', id)).rejects.toThrow(/removed: "set\/a\.tif" changed: [^.]*\.$/);
    expect(here()).toEqual(all);
    expect(readFileSync(scene.at('set/a.tif'), 'utf8')).toBe('newer');
  });

  it('what comes to the place of a file that was moved aside stays', async () => {
    const id = await done();
    atLast('a.tif', () => scene.write('set/a.tif', 'newer'));
    await scene.run('empty', id);
    expect(here()).toEqual([true, false, false]);
    expect(readFileSync(scene.at('set/a.tif'), 'utf8')).toBe('newer');
  });

  it('OMERO loses a file between the two looks', async () => {
    const id = await done();
    let asked = 0;
    scene.afterLook = () => {
      if (++asked === 3) rmSync(`${scene.repository}/-c.tif`);
    };
    await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
    expect(here()).toEqual(all);
  });
});

describe('a set of more files than are looked at at once', () => {
  const many = Array.from({ length: 150 }, (_, at) => `${at % 3}/${String(at).padStart(3, '0')}.tif`);
  const there = (): number => many.filter((name) => existsSync(scene.at(`big/${name}`))).length;

  async function doneBig(): Promise<bigint> {
    for (const name of many) {
      scene.write(`big/${name}`, `content of ${name}`);
      inRepository(name);
    }
    const id = await scene.verified('big');
    await scene.run('unlock', id);
    return id;
  }

  /** Calls `act` when all files were looked at once, and many of them twice. */
  function late(act: () => void, after = 290): void {
    let asked = 0;
    scene.afterLook = () => {
      if (++asked === after) act();
    };
  }

  const lastOfAll = async (id: bigint): Promise<string> => (await scene.rows(id)).at(-1)!.path.toString();

  it('goes whole', async () => {
    const id = await doneBig();
    await scene.run('empty', id);
    expect((await scene.get(id)).state).toBe('emptied');
    expect(existsSync(scene.at('big'))).toBe(false);
  });

  it('stays whole if OMERO loses the last file while the others were found right', async () => {
    const id = await doneBig();
    const last = await lastOfAll(id);
    late(() => rmSync(`${scene.repository}/${last}`));
    await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
    expect(there()).toBe(150);
    expect(await scene.register.imports.sources.heldBy({ id: 0n, source: scene.at('big') })).toBeUndefined();
  });

  it('stays whole if the last file is changed after all were found right', async () => {
    const id = await doneBig();
    const last = await lastOfAll(id);
    late(() => appendFileSync(scene.at(`.coldroom-locks/${id}-removed/big/${last}`), 'more'), 300);
    await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
    expect(there()).toBe(150);
  });

  it('stays whole if removal is stopped meanwhile', async () => {
    const id = await doneBig();
    late(() => {
      scene.stopped = true;
    }, 220);
    await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
    expect(there()).toBe(150);
  });

  it.each(['import-empty:1-recorded', 'import-remove:1-removed:100'])(
    'killed at %s, the next run removes all of it, and no other order takes a part for a set',
    async (point) => {
      const id = await doneBig();
      expect(scene.killAt(point, 'empty', id)).toBe('SIGKILL');
      const { rows } = await scene.sql.query<{ id: bigint }>(
        `INSERT INTO import_order (state, person_id, person, group_id, group_name, source, display, target, transfer, origin, ordered_by)
         VALUES ('ordered', 8, 'bob', 3, 'lab', $1, 'x', 'Dataset:5', 'upload', 'command', 'bob') RETURNING id`,
        [scene.at('big')],
      );
      await expect(scene.run('settle', BigInt(rows[0]!.id))).rejects.toMatchObject({ code: 'IMPORT_SOURCE_BUSY' });
      await scene.sql.query(`UPDATE import_order SET state = 'cancelled', released_at = now() WHERE id = $1`, [
        rows[0]!.id,
      ]);
      await scene.run('empty', id);
      expect((await scene.get(id)).state).toBe('emptied');
      expect(there()).toBe(0);
    },
  );
});

it('stops reading what OMERO has when the service ends, and gives back what was moved aside on the next run', async () => {
  const id = await done();
  const stop = new AbortController();
  let asked = 0;
  scene.afterLook = () => {
    if (++asked === 4) stop.abort(new Error('the service ends'));
  };
  await expect(scene.run('empty', id, stop.signal)).rejects.toThrow('the service ends');
  expect(asked).toBe(4);
  scene.stopped = true;
  await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
  expect(here()).toEqual(all);
});

it('keeps the rest where the person has removed a file that OMERO has lost', async () => {
  const id = await done();
  rmSync(scene.at('set/a.tif'));
  rmSync(`${scene.repository}/a.tif`);
  await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
  expect(here()).toEqual([false, true, true]);
});

it('is not kept from it by new rights, nor by a file that the person has removed', async () => {
  const id = await done();
  chmodSync(scene.at('set/a.tif'), 0o600);
  rmSync(scene.at('set/-c.tif'));
  await scene.run('empty', id);
  expect(existsSync(scene.at('set'))).toBe(false);
});

it('leaves what came to the set later, and the directories above it', async () => {
  const id = await done();
  scene.write('set/deep/new.tif', 'new');
  await scene.run('empty', id);
  expect(here()).toEqual([false, false, false]);
  expect(readFileSync(scene.at('set/deep/new.tif'), 'utf8')).toBe('new');
});

it.each([
  'import-move:1-moved',
  'import-move:1-moved:3',
  'import-move:2-synced',
  'import-remove:1-removed',
  'import-remove:1-removed:2',
  'import-remove:2-synced',
  'transition:1-before-commit',
])('killed at %s it goes on, and nothing is lost that OMERO does not have', async (point) => {
  const id = await done();
  expect(scene.killAt(point, 'empty', id)).toBe('SIGKILL');
  if (point.startsWith('import-move')) {
    // OMERO has lost a file meanwhile: what was moved aside comes back.
    renameSync(`${scene.repository}/a.tif`, `${scene.dir}/a.tif`);
    await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
    expect(here()).toEqual(all);
    renameSync(`${scene.dir}/a.tif`, `${scene.repository}/a.tif`);
  }
  await scene.run('empty', id);
  expect((await scene.get(id)).state).toBe('emptied');
  expect(existsSync(scene.at('set'))).toBe(false);
});

describe('files that OMERO left out', () => {
  const notes = { 'notes.txt': 'notes', 'deep/more.txt': 'more' };

  it('stay, and only they, with their directories', async () => {
    const id = await done(notes);
    await scene.run('empty', id);
    expect((await scene.get(id)).state).toBe('emptied');
    expect(here()).toEqual([false, false, false]);
    for (const [name, content] of Object.entries(notes))
      expect(readFileSync(scene.at(`set/${name}`), 'utf8')).toBe(content);
    expect(readdirSync(scene.at('.coldroom-locks'))).toEqual([]);
  });

  it('keep their whole set where the site says so, and are named', async () => {
    scene.configure({ remove: 0, leftOut: 'set' });
    const id = await done(notes);
    await expect(scene.run('empty', id)).rejects.toThrow(/leaves out 2 of its files: [^,]+, [^,]+\.$/);
    expect(here()).toEqual(all);
  });

  it('and that the person has removed or changed keep nothing else', async () => {
    const id = await done(notes);
    rmSync(scene.at('set/notes.txt'));
    appendFileSync(scene.at('set/deep/more.txt'), ' and more');
    await scene.run('empty', id);
    expect(here()).toEqual([false, false, false]);
    expect(readFileSync(scene.at('set/deep/more.txt'), 'utf8')).toBe('more and more');
  });
});

describe('the manifest and the marker', () => {
  const control = { 'import.yml': 'target: Dataset:5', 'done.txt': '' };
  const left = (): readonly string[] => (existsSync(scene.at('set')) ? readdirSync(scene.at('set')).sort() : []);
  beforeEach(() => scene.configure({ remove: 0, watch: { manifests: 'own', marker: 'done.txt' } }));

  it('go with the set, and are not proven thereby', async () => {
    const id = await done(control);
    await scene.run('empty', id);
    expect(existsSync(scene.at('set'))).toBe(false);
    const { rows } = await scene.sql.query(
      'SELECT display FROM import_file WHERE removed_at IS NOT NULL AND proven_at IS NULL ORDER BY display',
    );
    expect(rows).toEqual([{ display: 'done.txt' }, { display: 'import.yml' }]);
  });

  it('do not keep the set where files that are left out do', async () => {
    scene.configure({ remove: 0, leftOut: 'set', watch: { manifests: 'own', marker: 'done.txt' } });
    await scene.run('empty', await done(control));
    expect(left()).toEqual([]);
  });

  it('stay while the set stays', async () => {
    const id = await done(control);
    rmSync(`${scene.repository}/a.tif`);
    await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
    expect(left()).toEqual(expect.arrayContaining(Object.keys(control)));
  });

  it('stay if they were changed since', async () => {
    const id = await done(control);
    const { mtimeNs } = statSync(scene.at('set/import.yml'), { bigint: true });
    writeFileSync(scene.at('set/import.yml'), 'target: Dataset:6');
    execFileSync('touch', [
      '-d',
      `@${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, '0')}`,
      scene.at('set/import.yml').toString(),
    ]);
    appendFileSync(scene.at('set/done.txt'), 'done');
    await scene.run('empty', id);
    expect(left()).toEqual(['done.txt', 'import.yml']);
  });

  it('are data where they have content, are deeper, or belong to no manifest of the site', async () => {
    const id = await done({ 'done.txt': 'exposure: 3', 'deep/import.yml': 'x' });
    await scene.run('empty', id);
    expect(left()).toEqual(['deep', 'done.txt']);
    rmSync(scene.at('set'), { recursive: true });
    scene.configure({ remove: 0 });
    await scene.run('empty', await done({ 'import.yml': 'target: Dataset:5' }));
    expect(left()).toEqual(['import.yml']);
  });

  it.each(['import-move:2-synced:2', 'import-remove:2-synced:2'])('killed at %s it goes on', async (point) => {
    const id = await done(control);
    expect(scene.killAt(point, 'empty', id)).toBe('SIGKILL');
    await scene.run('empty', id);
    expect(left()).toEqual([]);
  });
});

it('never removes what was imported by symbolic links', async () => {
  scene.configure({ remove: 0 });
  for (const name of names) scene.write(`set/${name}`, `content of ${name}`);
  for (const name of names) inRepository(name);
  const id = await scene.verified('set', 'ln_s');
  await scene.run('unlock', id);
  await expect(scene.run('empty', id)).rejects.toMatchObject(kept);
  expect(here()).toEqual(all);
});
