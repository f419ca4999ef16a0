import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Misbehaviour } from './index';
import { Scene } from './testing/scene';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.make();
});
afterAll(() => scene.stop());
beforeEach(() => scene.fresh());

/** Two files, of which the fault applies to the first: exit code, lines of yaml, and what was made. */
type Line = readonly [string, Misbehaviour, { code?: number; filesets: readonly string[]; made: string }];
const file = 'a.tif';
const OF_A = 'Fileset, Image';

// prettier-ignore
const lines: readonly Line[] = [
  ['a reader that fails ends with success if the other file is imported', { do: 'broken-file', file }, { code: 0, filesets: [OF_A], made: '1 of 1' }],
  ['an unknown format', { do: 'unknown-format', file }, { code: 0, filesets: [OF_A], made: '1 of 1' }],
  ['killed when joined', { do: 'crash', at: 'started' }, { filesets: [], made: '0 of 0' }],
  ['killed before the first byte', { do: 'crash', at: 'registered', file }, { filesets: [], made: '0 of 1' }],
  ['killed before the images', { do: 'crash', at: 'uploaded', file }, { filesets: [], made: '0 of 1' }],
  ['killed after the images: nothing is printed', { do: 'crash', at: 'imported', file }, { filesets: [], made: '1 of 1' }],
  ['killed after the first lines', { do: 'crash', at: 'printed', file }, { filesets: [OF_A], made: '1 of 1' }],
  ['the server fails before the first byte', { do: 'fail', at: 'registered', file }, { code: 2, filesets: [], made: '0 of 1' }],
  ['the server makes no images', { do: 'fail', at: 'uploaded', file }, { code: 2, filesets: [], made: '0 of 1' }],
  ['the session ends between files', { do: 'end-session', at: 'printed', file }, { code: 2, filesets: [OF_A], made: '1 of 1' }],
  ['the session ends before the images', { do: 'end-session', at: 'uploaded', file }, { code: 2, filesets: [], made: '0 of 1' }],
  ['success without an image', { do: 'no-images', file }, { code: 0, filesets: ['Fileset', OF_A], made: '1 of 2' }],
  ['imported twice, one of them printed', { do: 'import-twice', file }, { code: 0, filesets: [OF_A, OF_A], made: '3 of 3' }],
  ['another exit code', { do: 'exit', code: 255 }, { code: 255, filesets: [OF_A, OF_A], made: '2 of 2' }],
];

test.each(lines)('%s', async (_what, fault, expected) => {
  const paths = [scene.file('a.tif'), scene.file('b.tif')];
  scene.installed.misbehave(fault);
  const ended = scene.import(['--output=yaml', ...paths]);
  const printed = ended.stdout
    .split('---\n')
    .slice(1)
    .map((one) => [...one.matchAll(/[A-Z][a-z]+/g)].join(', '));
  const { filesets, images } = await scene.made();
  expect({ code: ended.code, filesets: printed, made: `${images} of ${filesets}` }).toEqual({
    code: undefined,
    ...expected,
  });
  expect(scene.installed.done()).toHaveLength(1);
});

test('output is cut in the middle, and the rest of the run is as without it', () => {
  scene.installed.misbehave({ do: 'cut-output', bytes: 9 });
  expect(scene.import(['--output=yaml', scene.file('a.tif')])).toMatchObject({ code: 0, stdout: '---\n- Fil' });
});

test('sources that cannot be removed end with a code of their own', () => {
  scene.installed.misbehave({ do: 'sources-stay' });
  const ended = scene.import(['--transfer=ln_rm', scene.file('a.tif')]);
  expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('Failed to cleanup 1 files') });
  expect(existsSync(scene.path('a.tif'))).toBe(true);
});

test('sources stay when the server fails, and its error is counted', () => {
  scene.installed.misbehave({ do: 'fail', at: 'uploaded' });
  const ended = scene.import(['--transfer=ln_rm', '-c', scene.file('a.tif')]);
  expect(ended).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(', 1 error in') });
  expect(existsSync(scene.path('a.tif'))).toBe(true);
});

test.each<[string, Misbehaviour]>([
  ['a checksum that differs', { do: 'corrupt-upload' }],
  ['a session that ended after the upload', { do: 'end-session', at: 'uploaded' }],
])('%s is not counted, and sources are removed although nothing is imported', async (_what, fault) => {
  scene.installed.misbehave(fault);
  const ended = scene.import(['--transfer=upload_rm', scene.file('a.tif')]);
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(', 0 errors in') });
  expect(await scene.made()).toEqual({ filesets: 1, images: 0 });
  expect(existsSync(scene.path('a.tif'))).toBe(false);
});

test('a set lacks its last image', async () => {
  scene.installed.misbehave({ do: 'image-missing' });
  expect(scene.import([scene.file('x&series=3.fake', '')]).stdout).toMatch(/^Image:\d+,\d+\n$/);
});

test('images get into another group than the session has', async () => {
  const groupId = Number(await scene.value(`SELECT id FROM experimentergroup WHERE name = 'private-lab'`));
  scene.installed.misbehave({ do: 'other-group', groupId });
  const id = /\d+/.exec(scene.import([scene.file('a.tif')]).stdout)?.[0];
  expect(await scene.value('SELECT group_id FROM image WHERE id = $1', id)).toBe(String(groupId));
});

test('a client is killed, and its server makes the images later, the session closed or not', async () => {
  scene.installed.misbehave({ do: 'crash-and-finish-later', ms: 1_000 });
  expect(scene.import([scene.file('a.tif')])).toMatchObject({ code: undefined, stdout: '' });
  expect(await scene.made()).toEqual({ filesets: 1, images: 0 });
  await scene.client.query('UPDATE session SET closed = now() WHERE uuid = $1', [scene.key]);
  for (let tries = 0; tries < 100 && (await scene.made()).images === 0; tries += 1) await sleep(200);
  expect(await scene.made()).toEqual({ filesets: 1, images: 1 });
});

test('a fault may be limited to a number of times, over runs', () => {
  scene.installed.misbehave({ do: 'fail', at: 'registered', times: 2 });
  const path = scene.file('a.tif');
  expect([1, 2, 3].map(() => scene.import([path]).code)).toEqual([2, 2, 0]);
});

test('it hangs until it is killed, and is slow as long as it is asked to be', async () => {
  const path = scene.file('a.tif');
  scene.installed.misbehave({ do: 'hang', at: 'uploaded' });
  const child = spawn(join(scene.installed.bin, 'java'), scene.importWords([path]), { stdio: 'ignore' });
  while (scene.installed.done().length === 0) await sleep(50);
  expect(child.exitCode).toBeNull();
  const gone = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  child.kill('SIGTERM');
  expect(await gone).toBe('SIGTERM');

  scene.installed.misbehave({ do: 'wait', at: 'started', ms: 1_500 });
  const started = Date.now();
  expect(scene.import([path]).code).toBe(0);
  expect(Date.now() - started).toBeGreaterThan(1_500);
});
