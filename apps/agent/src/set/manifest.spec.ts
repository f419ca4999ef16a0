import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifest, writeManifest, type SentFile } from './manifest';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-manifest-'));
  mkdirSync(join(dir, 'set/a'), { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true }));

const set = (): Buffer => Buffer.from(join(dir, 'set'));
const write = (pause = async (): Promise<void> => undefined) => writeManifest(set(), join(dir, 'files'), pause);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('has all files by the bytes of their paths, as the server sorts them', async () => {
  const names = ['a/b', 'a-b', 'a.b', 'b', Buffer.from('\xff\n', 'latin1')].map((name) => Buffer.from(name));
  for (const name of names) writeFileSync(Buffer.concat([set(), Buffer.from('/'), name]), name);
  const sum = await write();
  const files: SentFile[] = [];
  for await (const file of readManifest(join(dir, 'files'))) files.push(file);
  expect(files.map(({ path }) => path)).toEqual(names.toSorted(Buffer.compare));
  expect(files.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  const lines = files.map(({ path, size, sha256: hash }) => `${hash} ${size} ${path.toString('hex')}\n`);
  expect(sum).toEqual({ files: 5, bytes: 12n, digest: sha256(lines.join('')) });
});

test.each<[string, string, () => void]>([
  ['SET_EMPTY', 'no files', () => undefined],
  ['SET_FILE_EMPTY', 'an empty file', () => writeFileSync(join(dir, 'set/a/empty'), '')],
  ['SET_ENTRY_KIND', 'a link to a file', () => symlinkSync('/etc/hostname', join(dir, 'set/link'))],
  ['SET_ENTRY_KIND', 'a link to a directory', () => symlinkSync('/etc', join(dir, 'set/a/link'))],
])('%s is the answer to a set with %s', async (code, _what, make) => {
  make();
  await expect(write()).rejects.toMatchObject({ kind: 'refused', code });
});

test('a set that is a link, or whose file changes while it is read, is refused', async () => {
  writeFileSync(join(dir, 'set/a/b'), 'x');
  symlinkSync(set(), join(dir, 'link'));
  const link = Buffer.from(join(dir, 'link'));
  await expect(writeManifest(link, join(dir, 'files'), async () => undefined)).rejects.toMatchObject({
    code: 'SET_ENTRY_KIND',
  });
  const changing = write(async () => writeFileSync(join(dir, 'set/a/b'), 'longer'));
  await expect(changing).rejects.toMatchObject({ code: 'SET_CHANGED' });
});
