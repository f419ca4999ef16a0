import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { SourceScene } from '../testing/source-scene';
import { SetDigest } from './set-digest';
import { SettleStage } from './settle.stage';
import { SourcePlaces } from './places';
import { Imports } from '@coldroom/buffers';
import { runStage } from '../testing/source-scene';

let scene: SourceScene;
beforeEach(async () => {
  scene = await SourceScene.make();
});
afterEach(() => scene.close());

const notSettled = { kind: 'not-yet', code: 'IMPORT_NOT_SETTLED' };
const refused = (code: string): object => ({ kind: 'refused', code });

/** As `run('settle')`, with a time for which nothing may change. */
async function settleAfter(id: bigint, stableMs: number): Promise<void> {
  const places = new SourcePlaces(new Imports(scene.importsSettings(), '/nowhere'));
  const options = { stableMs, removalStopped: async () => false };
  await runStage(scene.register, new SettleStage(scene.files, scene.register, places, options), id);
}

it('records names of any bytes once two looks are the same for long enough', async () => {
  const odd = Buffer.from([0x2d, 0x72, 0xff, 0x0a, 0x27]);
  scene.write(Buffer.concat([Buffer.from('set/a/'), odd]), 'bytes');
  scene.write('set/b.tif', 'more');
  const id = await scene.order('set');
  await expect(settleAfter(id, 400)).rejects.toMatchObject({ ...notSettled, details: { delayMs: 1000 } });
  await expect(settleAfter(id, 400)).rejects.toMatchObject(notSettled);
  await new Promise((resolve) => setTimeout(resolve, 450));
  await settleAfter(id, 400);
  expect(await scene.get(id)).toMatchObject({ state: 'settled', files: 2, bytes: 9n });
  const paths = (await scene.rows(id)).map(({ path }) => path.toString('latin1')).sort();
  expect(paths).toEqual([`a/${odd.toString('latin1')}`, 'b.tif']);
});

it('starts to wait again when a file has changed, even if its size and mtime have not, and names it', async () => {
  scene.write('set/a', 'one');
  utimesSync(scene.at('set/a'), 1, 1);
  const id = await scene.order('set');
  await expect(settleAfter(id, 300)).rejects.toMatchObject(notSettled);
  await new Promise((resolve) => setTimeout(resolve, 350));
  writeFileSync(scene.at('set/a'), 'two');
  utimesSync(scene.at('set/a'), 1, 1);
  await expect(settleAfter(id, 300)).rejects.toThrow(/for 0 s of .*"a" was changed last/);
});

it.each(['a.tif.part', '.a.tif.x1Y2z3', 'a.filepart', 'a.crdownload', 'a.tmp', '.~tmp~/a'])(
  'waits while there is %s',
  async (name) => {
    scene.write('set/a', 'one');
    scene.write(`set/${name}`, 'two');
    const id = await scene.order('set');
    await expect(scene.settle(id)).rejects.toThrow(/still being written/);
    rmSync(scene.at(`set/${name.split('/')[0]}`), { recursive: true });
    await scene.settle(id);
    expect((await scene.get(id)).files).toBe(1);
  },
);

it('refuses links, pipes, files without content and empty sets, by name', async () => {
  mkdirSync(scene.at('none/inner'), { recursive: true });
  scene.write('zero/a', '');
  scene.write('zero/b', 'b');
  scene.write('link/b', 'b');
  symlinkSync('/etc/passwd', scene.at('link/a'));
  scene.write('pipe/b', 'b');
  execFileSync('mkfifo', [scene.at('pipe/a').toString()]);
  await expect(scene.settle(await scene.order('none'))).rejects.toMatchObject(refused('IMPORT_SET_EMPTY'));
  await expect(scene.settle(await scene.order('zero'))).rejects.toThrow(/without content: "a"\./);
  for (const name of ['link', 'pipe'])
    await expect(scene.settle(await scene.order(name))).rejects.toThrow(/neither a file nor a directory: "a"\./);
  await expect(scene.settle(await scene.order('gone'))).rejects.toMatchObject(refused('IMPORT_SOURCE_GONE'));
});

it('knows the marker of the site, which may be without content, directly in the set only', async () => {
  scene.configure({ watch: { manifests: 'own', marker: 'done.txt' } });
  for (const name of ['a.tif', 'done.txt']) scene.write(`set/${name}`, name === 'a.tif' ? 'a' : '');
  const id = await scene.order('set');
  await scene.settle(id);
  expect((await scene.get(id)).files).toBe(2);
  scene.write('deep/a.tif');
  scene.write('deep/er/done.txt', '');
  await expect(scene.settle(await scene.order('deep'))).rejects.toThrow(/without content: "er\/done.txt"\./);
});

it('is not led out of the buffer by a source that became a link', async () => {
  scene.write('set/a', 'one');
  mkdirSync(`${scene.dir}/elsewhere`);
  writeFileSync(`${scene.dir}/elsewhere/a`, 'one');
  const id = await scene.order('set');
  renameSync(scene.at('set'), scene.at('old'));
  symlinkSync(`${scene.dir}/elsewhere`, scene.at('set'));
  await expect(scene.settle(id)).rejects.toMatchObject(refused('IMPORT_NOT_A_FILE'));
});

it('does not take an unmounted buffer for an empty one', async () => {
  scene.write('set/a', 'one');
  const id = await scene.order('set');
  rmSync(scene.at('.coldroom-root'), { force: true });
  await expect(scene.settle(id)).rejects.toMatchObject({ kind: 'transient', code: 'ROOT_UNAVAILABLE' });
});

it('settles a single file', async () => {
  scene.write('one.tif', 'one');
  const id = await scene.order('one.tif');
  await scene.settle(id);
  expect((await scene.rows(id)).map(({ path, size }) => [path.length, size])).toEqual([[0, 3n]]);
});

it('the digest of a set does not depend on the order, and depends on everything else', () => {
  const of = (...entries: readonly (readonly string[])[]): string => {
    const digest = new SetDigest();
    for (const entry of entries) digest.add(...entry);
    return digest.hex();
  };
  expect(of(['a', '1'], ['b', '2'])).toBe(of(['b', '2'], ['a', '1']));
  const others = [
    of(['a', '1']),
    of(['a', '2'], ['b', '1']),
    of(['a1', ''], ['b', '2']),
    of(['a', '1'], ['b', '2'], ['a', '1']),
  ];
  expect(others).not.toContain(of(['a', '1'], ['b', '2']));
  expect(new Set(others).size).toBe(4);
});

it('takes paths of any length that the system takes, and refuses longer ones', async () => {
  const name = 'n'.repeat(250);
  const make = (levels: number): void =>
    void execFileSync(
      '/bin/bash',
      [
        '-c',
        `mkdir -p set && cd set && for ((i = 0; i < ${levels}; i++)); do mkdir -p ${name}; cd ${name}; done; echo x > f`,
      ],
      {
        cwd: scene.buffer,
      },
    );
  make(15);
  const id = await scene.order('set');
  await scene.settle(id);
  await scene.run('lock', id);
  expect((await scene.get(id)).state).toBe('locked');
  make(17);
  const longer = await scene.order('set', 'upload', { personId: 8n });
  await expect(scene.settle(longer)).rejects.toMatchObject(refused('PATH_TOO_LONG'));
});

describe('another order for the same source', () => {
  const busy = { kind: 'not-yet', code: 'IMPORT_SOURCE_BUSY' };
  const orderOfBob = async (source = 'set'): Promise<bigint> => {
    const bob = { personId: 8n, person: 'bob' };
    return scene.order(source, 'upload', bob);
  };
  beforeEach(() => {
    for (const name of ['a', 'b']) scene.write(`set/${name}`);
  });

  it('that has moved files is waited for, also where it was killed halfway, until it has given them back', async () => {
    scene.configure({ lock: 'moved' });
    const [first, second] = [await scene.order('set'), await orderOfBob('set/b')];
    await scene.settle(first);
    expect(scene.killAt('import-move:1-moved', 'lock', first)).toBe('SIGKILL');
    await expect(scene.settle(second)).rejects.toMatchObject({
      ...busy,
      message: expect.stringContaining(`Import ${first}`),
    });
    const claim = (await scene.claim(first, 'settled'))!;
    await scene.register.imports.advance(claim, { event: 'cancel', to: 'cancelled', code: 'CANCELLED', reason: 'x' });
    await expect(scene.settle(second)).rejects.toMatchObject(busy);
    await scene.run('release', first);
    await scene.settle(second);
    expect((await scene.get(second)).files).toBe(1);
  });

  it('that has moved files is waited for by one that is about to move them', async () => {
    scene.configure({ lock: 'moved' });
    const [first, second] = [await scene.order('set'), await orderOfBob()];
    await scene.settle(first);
    await scene.settle(second);
    await scene.run('lock', first);
    await expect(scene.run('lock', second)).rejects.toMatchObject(busy);
    expect((await scene.get(second)).state).toBe('settled');
  });

  it('that is imported where it is keeps its files there: none is moved before it ends', async () => {
    scene.configure({ lock: 'none' });
    const [first, second] = [await scene.order('set'), await orderOfBob('set/a')];
    await scene.settle(first);
    await scene.run('lock', first);
    await scene.settle(second);
    scene.configure({ lock: 'moved' });
    await expect(scene.run('lock', second)).rejects.toMatchObject(busy);
    await scene.sql.query(`UPDATE import_order SET state = 'done', proven_at = now() WHERE id = $1`, [first]);
    await scene.run('lock', second);
    expect(await scene.get(second)).toMatchObject({ state: 'locked', lock: 'moved' });
  });

  it('that was cancelled is waited for until its locks are gone, whatever they are', async () => {
    const [first, second] = [await scene.order('set'), await orderOfBob()];
    await scene.settle(first);
    await scene.run('lock', first);
    rmSync(scene.at('set/a')); // our name is the last one: it will come back
    await scene.register.imports.steering.cancel(first, 'alice');
    const claim = (await scene.claim(first, 'locked'))!;
    await scene.register.imports.advance(claim, { event: 'cancel', to: 'cancelled', code: 'CANCELLED', reason: 'x' });
    await expect(scene.settle(second)).rejects.toMatchObject(busy);
    await scene.run('release', first);
    await scene.settle(second);
    expect((await scene.get(second)).files).toBe(2);
  });

  it('with links is not waited for: both are imported from their own names', async () => {
    const [first, second] = [await scene.order('set'), await orderOfBob()];
    for (const id of [first, second]) await scene.settle(id);
    for (const id of [first, second]) await scene.run('lock', id);
    for (const id of [first, second]) expect(await scene.get(id)).toMatchObject({ state: 'locked', lock: 'links' });
  });
});
