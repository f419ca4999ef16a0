import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Files } from './files';
import { openRoot, type Root } from './roots';
import { makeScratch, run, type Scratch } from './testing/scratch';
import { walk, type Entry } from './walk';

let scratch: Scratch;
let root: Root;
let files: Files;
beforeAll(() => {
  files = new Files({ threads: 1 });
});
afterAll(() => files.close());
beforeEach(async () => {
  scratch = await makeScratch();
  root = await openRoot(scratch.root, 'ManagedRepository');
});
afterEach(() => scratch.remove());

async function walked(directory: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const batch of walk(files, root, Buffer.from(directory))) entries.push(...batch);
  return entries.sort((one, other) => one.path.compare(other.path));
}

it('finds every file by its bytes, and links and pipes as what they are', async () => {
  const bytes = Buffer.from([0x62, 0xff]);
  scratch.write('set/deep/er/a\nb');
  scratch.write('beside/not');
  writeFileSync(Buffer.concat([Buffer.from(`${scratch.root}/set/`), bytes]), 'x');
  symlinkSync('../beside', join(scratch.root, 'set/link'));
  mkdirSync(join(scratch.root, 'set/empty'));
  run('mkfifo', join(scratch.root, 'set/pipe'));
  expect((await walked('set')).map(({ path, kind }) => [path.toString('latin1'), kind])).toEqual([
    ['b\xff', 'file'],
    ['deep/er/a\nb', 'file'],
    ['link', 'link'],
    ['pipe', 'other'],
  ]);
});

it('finds all of more names than one batch has', async () => {
  mkdirSync(join(scratch.root, 'set'));
  for (let at = 0; at < 1201; at++) writeFileSync(join(scratch.root, 'set', String(at)), '');
  expect((await walked('set')).length).toBe(1201);
});

it('does not go through a link, and says when nothing is there', async () => {
  scratch.write('beside/not');
  symlinkSync('beside', join(scratch.root, 'set'));
  await expect(walked('set')).rejects.toMatchObject({ code: 'PARENT_NOT_A_DIRECTORY' });
  await expect(walked('none')).rejects.toMatchObject({ code: 'ENOENT' });
  rmSync(join(scratch.root, '.coldroom-root'));
  await expect(walked('beside')).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
});

it('refuses directories that are too deep', async () => {
  scratch.write(`set/${'d/'.repeat(102)}a`);
  await expect(walked('set')).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });
});
