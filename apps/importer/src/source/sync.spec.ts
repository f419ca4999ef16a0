import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { Imports, importRootMarker } from '@coldroom/buffers';
import { describeOn, mountOn } from '@coldroom/files/testing';
import { writeMarker } from '@coldroom/files';
import { SourceScene } from '../testing/source-scene';
import { importedPath } from './imported-path';
import { SourcePlaces } from './places';

let scene: SourceScene;
let root: string;
const big = Buffer.alloc(3_000_000, 'x');
beforeEach(async () => {
  scene = await SourceScene.make();
  root = `${scene.dir}/import-root`;
  mkdirSync(root);
  await writeMarker(root, importRootMarker('main'));
  scene.configure({ sync: root });
  scene.write('set/deep/a\n.tif', 'one');
  scene.write('set/b.tif', big);
});
afterEach(() => scene.close());

const hashed = async (): Promise<bigint> => scene.verified('set', 'upload', { upTo: 'hashed' });
const copyOf = (id: bigint, path: string): string => `${root}/${id}/set/${path}`;
const pathOf = async (id: bigint): Promise<string> => {
  const places = new SourcePlaces(new Imports(scene.importsSettings(), '/nowhere'));
  return String(await importedPath(places, await scene.get(id), { path: Buffer.from('b.tif') }));
};

it('copies the locked files, which are imported then, and removes the copies at the end', async () => {
  const id = await hashed();
  expect(await pathOf(id)).toMatch(/locks/);
  rmSync(scene.at('set/b.tif')); // the person may: it is locked
  await scene.run('sync', id);
  expect((await scene.get(id)).state).toBe('synced');
  expect(await pathOf(id)).toBe(copyOf(id, 'b.tif'));
  expect(readFileSync(copyOf(id, 'b.tif')).equals(big)).toBe(true);
  expect(readFileSync(copyOf(id, 'deep/a\n.tif'), 'utf8')).toBe('one');
  expect(statSync(copyOf(id, 'b.tif')).mode & 0o777).toBe(0o440);
  linkSync(copyOf(id, 'b.tif'), `${scene.repository}/b.tif`); // as ln of OMERO
  await scene.sql.query(`UPDATE import_order SET state = 'verified' WHERE id = $1`, [id]);
  await scene.run('unlock', id);
  expect(readdirSync(root)).toEqual(['.coldroom-root']);
  expect(readFileSync(`${scene.repository}/b.tif`).equals(big)).toBe(true);
});

it('needs nothing where OMERO can read the buffer', async () => {
  scene.configure({});
  const id = await hashed();
  await scene.run('sync', id);
  expect((await scene.get(id)).state).toBe('synced');
  expect(await pathOf(id)).toMatch(/locks/);
});

it('makes a copy again that is wrong, and leaves one that is right', async () => {
  const id = await hashed();
  mkdirSync(`${root}/${id}/set/deep`, { recursive: true });
  writeFileSync(copyOf(id, 'b.tif'), Buffer.alloc(big.length, 'y'));
  writeFileSync(copyOf(id, 'deep/a\n.tif'), 'one');
  const before = lstatSync(copyOf(id, 'deep/a\n.tif')).ino;
  await scene.run('sync', id);
  expect(readFileSync(copyOf(id, 'b.tif')).equals(big)).toBe(true);
  expect(lstatSync(copyOf(id, 'deep/a\n.tif')).ino).toBe(before);
});

it.each(['copy:2-partly-written', 'copy:3-written', 'copy:4-synced', 'verify:1-read', 'transition:1-before-commit'])(
  'goes on after a worker was killed at %s',
  async (point) => {
    const id = await hashed();
    expect(scene.killAt(point, 'sync', id)).toBe('SIGKILL');
    await scene.run('sync', id);
    expect(readFileSync(copyOf(id, 'b.tif')).equals(big)).toBe(true);
    expect(readFileSync(copyOf(id, 'deep/a\n.tif'), 'utf8')).toBe('one');
  },
);

it('is not faster than the site wants', async () => {
  const id = await hashed();
  scene.configure({ sync: root, rate: '2MB/s' });
  const before = Date.now();
  await scene.run('sync', id);
  expect(Date.now() - before).toBeGreaterThan(1400);
});

it('removes the copies of a cancelled order', async () => {
  const id = await hashed();
  await scene.run('sync', id);
  await scene.sql.query(`UPDATE import_order SET state = 'cancelled' WHERE id = $1`, [id]);
  await scene.run('release', id);
  expect(readdirSync(root)).toEqual(['.coldroom-root']);
  expect(existsSync(scene.at('set/b.tif'))).toBe(true);
});

it('waits while the import root is not mounted', async () => {
  const id = await hashed();
  rmSync(`${root}/.coldroom-root`, { force: true });
  await expect(scene.run('sync', id)).rejects.toMatchObject({ kind: 'transient', code: 'ROOT_UNAVAILABLE' });
});

describeOn('ext4', 'where the import root is full', () => {
  it('tries again later, and loses nothing', async () => {
    for (let at = 0; at < 12; at++) scene.write(`set/${at}.tif`, Buffer.concat([big, Buffer.from(String(at))]));
    const id = await hashed();
    rmSync(root, { recursive: true, force: true });
    const unmount = mountOn('ext4', root);
    try {
      await writeMarker(root, importRootMarker('main'));
      await expect(scene.run('sync', id)).rejects.toMatchObject({ kind: 'transient', code: 'STORE_FULL' });
      expect((await scene.get(id)).state).toBe('hashed');
      expect(readFileSync(scene.at('set/b.tif')).equals(big)).toBe(true);
    } finally {
      unmount();
    }
  });
});
