import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, lstatSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { SourceScene } from '../testing/source-scene';

const time = 1_000_000;
let scene: SourceScene;
beforeEach(async () => {
  scene = await SourceScene.make();
  scene.write('set/a.tif', 'one');
  scene.write('set/b.tif', 'two');
  utimesSync(scene.at('set/a.tif'), time, time);
});
afterEach(() => scene.close());

const own = (id: bigint, path: string): Buffer => scene.at(`.coldroom-locks/${id}/set/${path}`);
const content = (path: string): string => readFileSync(scene.at(path), 'utf8');
const inRepository = (name: string): string => `${scene.repository}/${name}`;
const rsync = (...words: readonly string[]): void => void execFileSync('rsync', words);
const changed = { kind: 'refused', code: 'SOURCE_CHANGED' };
/** Another content of the same size, with the mtime of the file in the set: it comes from an instrument. */
function instrument(name: string, bytes: string, sameTime = false): string {
  const path = `${scene.dir}/${name}`;
  writeFileSync(path, bytes);
  if (sameTime) utimesSync(path, time, time);
  return path;
}

it('reads the locked files, and takes the locks away at the end', async () => {
  const id = await scene.verified('set');
  const digests = (await scene.rows(id)).map((row) => row.digests);
  expect(digests).toContainEqual({
    'SHA-256': createHash('sha256').update('one').digest('hex'),
    'SHA1-160': createHash('sha1').update('one').digest('hex'),
  });
  await scene.run('unlock', id);
  expect((await scene.get(id)).state).toBe('done');
  expect(existsSync(scene.at(`.coldroom-locks/${id}`))).toBe(false);
  for (const { path, identity } of await scene.rows(id))
    expect(lstatSync(scene.at(Buffer.concat([Buffer.from('set/'), path])), { bigint: true }).ctimeNs).toBe(
      identity.ctimeNs,
    );
});

it('rsync -a leaves the locked file alone, and the new one is not touched', async () => {
  const id = await scene.verified('set');
  rsync('-a', instrument('a.tif', 'ONE plus'), scene.at('set/').toString());
  expect(readFileSync(own(id, 'a.tif'), 'utf8')).toBe('one');
  writeFileSync(inRepository('a.tif'), 'one');
  await scene.run('unlock', id);
  expect((await scene.get(id)).state).toBe('done');
  expect(content('set/a.tif')).toBe('ONE plus');
  expect(existsSync(own(id, 'a.tif'))).toBe(false);
});

it('keeps the locked file of a replaced source that OMERO does not have', async () => {
  const id = await scene.verified('set');
  rsync('-a', instrument('a.tif', 'ONE plus'), scene.at('set/').toString());
  await scene.run('unlock', id);
  expect(content('set/a.tif')).toBe('ONE plus');
  expect(readFileSync(own(id, 'a.tif'), 'utf8')).toBe('one');
});

it.each(['--inplace', '--append'])('what rsync %s did to a locked file is found', async (option) => {
  const id = await scene.verified('set');
  rsync('-a', option, instrument('a.tif', 'ONE plus'), scene.at('set/').toString());
  await expect(scene.run('unlock', id)).rejects.toMatchObject(changed);
  expect(existsSync(own(id, 'a.tif'))).toBe(true);
});

it('a change that keeps size and mtime is found by the content', async () => {
  const id = await scene.verified('set');
  rsync('-a', '--inplace', '--ignore-times', instrument('a.tif', 'ONE', true), scene.at('set/').toString());
  await expect(scene.run('unlock', id)).rejects.toMatchObject(changed);
});

it('a link that OMERO makes is not taken for a change', async () => {
  const id = await scene.verified('set');
  linkSync(own(id, 'a.tif'), inRepository('a.tif')); // as ln of OMERO does: ctime and the count of links change
  await scene.run('unlock', id);
  expect((await scene.get(id)).state).toBe('done');
});

it('removes the last name of a deleted source only if OMERO has its content', async () => {
  const id = await scene.verified('set');
  rmSync(scene.at('set/a.tif'));
  rmSync(scene.at('set/b.tif'));
  writeFileSync(inRepository('a.tif'), 'one');
  writeFileSync(inRepository('b.tif'), 'TWO');
  await scene.run('unlock', id);
  expect(existsSync(scene.at('set/a.tif'))).toBe(false);
  expect(content('set/b.tif')).toBe('two');
});

it.each([
  'import-unlock:1-released',
  'import-unlock:2-synced',
  'import-remove:1-removed',
  'transition:1-before-commit',
])('a worker that is killed at %s loses nothing, and the next one ends the work', async (point) => {
  const id = await scene.verified('set');
  rmSync(scene.at('set/b.tif'));
  writeFileSync(inRepository('b.tif'), 'two');
  expect(scene.killAt(point, 'unlock', id)).toBe('SIGKILL');
  await scene.run('unlock', id);
  expect((await scene.get(id)).state).toBe('done');
  expect(content('set/a.tif')).toBe('one');
  expect(existsSync(scene.at(`.coldroom-locks/${id}`))).toBe(false);
});
