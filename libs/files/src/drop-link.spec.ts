import { lstat, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropLink } from './drop-link';
import { openRoot, writeMarker, type Root } from './roots';

const target = Buffer.from('/archive/bag/data/Pixels/12345');
const path = Buffer.from('Dir-012/12345');
let dir: string;
let root: Root;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coldroom-link-'));
  await writeMarker(dir, 'Pixels');
  await mkdir(join(dir, 'Dir-012'));
  root = await openRoot(dir, 'Pixels');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const at = (name: string): string => join(dir, 'Dir-012', name);
const names = async (): Promise<readonly string[]> => (await readdir(join(dir, 'Dir-012'))).sort();

test('a link to exactly the target is removed, and nothing is left of it', async () => {
  await symlink(target.toString(), at('12345'));
  await symlink(target.toString(), at('12346'));
  expect(await dropLink(root, path, target)).toBe(true);
  expect(await names()).toEqual(['12346']);
  expect(await dropLink(root, path, target)).toBe(false);
});

test('a link to somewhere else stays', async () => {
  await symlink('/elsewhere', at('12345'));
  await expect(dropLink(root, path, target)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
  expect(await readlink(at('12345'))).toBe('/elsewhere');
  expect(await names()).toEqual(['12345']);
});

test.each<[string, () => Promise<unknown>]>([
  ['file', () => writeFile(at('12345'), 'pixels')],
  ['directory', () => mkdir(at('12345'))],
])('a %s stays', async (_kind, make) => {
  await make();
  const before = await lstat(at('12345'));
  await expect(dropLink(root, path, target)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
  expect((await lstat(at('12345'))).ino).toBe(before.ino);
});

test('what a crash left at our name is removed; what someone else put there is not', async () => {
  await symlink(target.toString(), at('.coldroom-left-12345'));
  expect(await dropLink(root, path, target)).toBe(true);
  expect(await names()).toEqual([]);
  await writeFile(at('.coldroom-left-12345'), 'of someone');
  await symlink(target.toString(), at('12345'));
  await expect(dropLink(root, path, target)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await names()).toEqual(['.coldroom-left-12345', '12345']);
});

test('a link to somewhere else at our name stays, and so does the link that cannot be moved there', async () => {
  await symlink('/elsewhere', at('.coldroom-left-12345'));
  expect(await dropLink(root, path, target)).toBe(false);
  await symlink(target.toString(), at('12345'));
  await expect(dropLink(root, path, target)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readlink(at('.coldroom-left-12345'))).toBe('/elsewhere');
  expect(await readlink(at('12345'))).toBe(target.toString());
});

test('a directory that is a link is not followed, and an unmounted root is an error', async () => {
  await symlink('Dir-012', join(dir, 'Dir-013'));
  await symlink(target.toString(), at('12345'));
  await expect(dropLink(root, Buffer.from('Dir-013/12345'), target)).rejects.toMatchObject({
    code: 'PARENT_NOT_A_DIRECTORY',
  });
  await rm(join(dir, '.coldroom-root'));
  await expect(dropLink(root, path, target)).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
  expect(await names()).toEqual(['12345']);
});
