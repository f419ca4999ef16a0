import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Files } from './files';
import { writeMarker } from './roots';
import { isTemporaryName } from './temporary-names';

let root: string;
const files = new Files({ threads: 1 });
const at = (...names: string[]): string => join(root, ...names);
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'coldroom-survey-'));
  await writeMarker(root, 'buffer:main');
});
afterEach(() => rmSync(root, { recursive: true }));
afterAll(() => files.close());

function file(path: string, content = 'x'): void {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), content);
  utimesSync(at(path), 1_700_000_000, 1_700_000_000);
}
const look = (path = 'set', marker?: string) =>
  files.summarize(
    { root, path: Buffer.from(path) },
    marker === undefined ? { sync: true } : { marker: Buffer.from(marker) },
  );

it('finds directories down to a depth, and those with a manifest; none that is hidden or behind a link', async () => {
  for (const path of ['alice/a/import.yml', 'alice/a/deep/import.yml', 'bob/b/x', '.locks/7/import.yml']) file(path);
  mkdirSync(at('bob/import.yml'));
  symlinkSync(at('alice'), at('linked'));
  const found = await files.survey(root, 2, Buffer.from('import.yml'));
  expect(found.map(({ path, depth, marked }) => `${path.toString()} ${depth} ${marked}`).sort()).toEqual([
    'alice 1 false',
    'alice/a 2 true',
    'bob 1 false',
    'bob/b 2 false',
    'bob/import.yml 2 false',
  ]);
});

it('sums up what is below a directory', async () => {
  file('set/a.tif', 'four');
  file('set/sub/b.tif', 'seventy');
  expect(await look()).toMatchObject({
    files: 2,
    bytes: 11n,
    newest: 1_700_000_000_000_000_000n,
    temporary: null,
    odd: null,
    marked: true,
  });
  expect((await look('set', 'done.txt')).marked).toBe(false);
  file('set/sub/done.txt');
  expect((await look('set', 'done.txt')).marked).toBe(false);
  file('set/done.txt');
  expect((await look('set', 'done.txt')).marked).toBe(true);
});

it.each<[string, () => void]>([
  ['a size', () => file('set/a.tif', 'longer')],
  ['a time', () => utimesSync(at('set/a.tif'), 1, 1)],
  ['a name', () => renameSync(at('set/a.tif'), at('set/b.tif'))],
  ['a file more', () => file('set/b.tif')],
  ['a file less', () => rmSync(at('set/sub/c.tif'))],
  ['a directory more', () => mkdirSync(at('set/empty'))],
  ['a place', () => renameSync(at('set/sub/c.tif'), at('set/c.tif'))],
])('notices that %s changed', async (_, change) => {
  file('set/a.tif');
  file('set/sub/c.tif');
  const before = await look();
  expect((await look()).look).toBe(before.look);
  change();
  expect((await look()).look).not.toBe(before.look);
});

it('names what is still written, and what is neither a file nor a directory', async () => {
  file('set/sub/a.tif.part');
  symlinkSync('/etc/passwd', at('set/link'));
  expect(await look()).toMatchObject({ temporary: Buffer.from('sub/a.tif.part'), odd: Buffer.from('link') });
});

it('keeps names as bytes', async () => {
  const name = Buffer.from([0xff, 0x0a, 0x2d]);
  mkdirSync(Buffer.concat([Buffer.from(`${root}/`), name]));
  const [found] = await files.survey(root, 1, Buffer.from('import.yml'));
  expect(found?.path).toEqual(name);
  expect(await files.summarize({ root, path: name })).toMatchObject({ files: 0 });
});

it('does not go through a link that took the place of a directory', async () => {
  file('set/a.tif');
  renameSync(at('set'), at('elsewhere'));
  symlinkSync(at('elsewhere'), at('set'));
  await expect(look()).rejects.toMatchObject({ code: 'PARENT_NOT_A_DIRECTORY' });
});

it('is refused by a root that is not mounted', async () => {
  rmSync(at('.coldroom-root'), { force: true });
  await expect(files.survey(root, 1, Buffer.from('x'))).rejects.toMatchObject({ code: 'ROOT_UNAVAILABLE' });
});

it.each(['a.part', '.a.tif.XyZ12a', 'a.filepart', 'a.crdownload', 'a.tmp', '~$a.docx', '.~tmp~'])(
  '%s is still being written',
  (name) => expect(isTemporaryName(Buffer.from(name))).toBe(true),
);
it.each(['a.tif', '.a.tif', 'part', 'a.parts', 'tmp', 'a.XyZ12a', '.bashrc'])('%s is not', (name) =>
  expect(isTemporaryName(Buffer.from(name))).toBe(false),
);
