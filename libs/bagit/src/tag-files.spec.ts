import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BagDescription, DescribedFile } from './bag-description';
import { tagFiles } from './tag-files';

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const identity = {
  dev: 1n,
  ino: 2n,
  size: 5n,
  mtimeNs: 1_700_000_000_123_456_789n,
  ctimeNs: 3n,
  links: 1,
  mode: 0o100640,
  uid: 1000,
  gid: 1001,
};

function file(path: Buffer, part: Partial<DescribedFile> = {}): DescribedFile {
  return {
    copyPath: Buffer.concat([Buffer.from('ManagedRepository/'), path]),
    root: 'ManagedRepository',
    path,
    fileset: 'Fileset:9',
    originalFileId: 11n,
    pixelsId: null,
    imageIds: [1n, 2n],
    owner: 'alice',
    group: 'lab',
    identity,
    omeroHash: { algorithm: 'SHA1-160', value: 'abc' },
    digests: { 'SHA-256': sha256('right') },
    ...part,
  };
}

const bag = (files: readonly DescribedFile[], part: Partial<BagDescription> = {}): BagDescription => ({
  bag: 'r1-b2',
  date: new Date('2026-02-03T23:59:00Z'),
  files,
  ...part,
});
const text = (description: BagDescription, name: string): string =>
  tagFiles(description)
    .find((tag) => tag.name === name)!
    .content.toString('latin1');

it('writes the files of RFC 8493', () => {
  const description = bag([file(Buffer.from('a b.tif')), file(Buffer.from('c'))], {
    information: [['Contact-Name', 'Ann\nLee']],
  });
  expect(tagFiles(description).map(({ name }) => name)).toEqual([
    'bagit.txt',
    'bag-info.txt',
    'manifest-sha256.txt',
    'omero.jsonl',
    'tagmanifest-sha256.txt',
  ]);
  expect(text(description, 'bagit.txt')).toBe('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n');
  expect(text(description, 'bag-info.txt')).toBe(
    'Bagging-Date: 2026-02-03\nPayload-Oxum: 10.2\nExternal-Identifier: r1-b2\nBag-Software-Agent: Coldroom\nColdroom-Manifest-Names: RFC 8493\nContact-Name: Ann Lee\n',
  );
  expect(text(description, 'manifest-sha256.txt')).toBe(
    `${sha256('right')}  data/ManagedRepository/a b.tif\n${sha256('right')}  data/ManagedRepository/c\n`,
  );
  expect(text(description, 'tagmanifest-sha256.txt').split('\n')[0]).toBe(
    `${sha256(text(description, 'bag-info.txt'))}  bag-info.txt`,
  );
  expect(text(description, 'tagmanifest-sha256.txt').split('\n').filter(Boolean).length).toBe(4);
});

it('writes an MD5 manifest too if every file has one, and lists it among the tag files', () => {
  const md5 = '0'.repeat(32);
  const digests = { 'SHA-256': sha256('right'), 'MD5-128': md5 };
  const both = bag([file(Buffer.from('b'), { digests }), file(Buffer.from('a'), { digests })]);
  expect(text(both, 'manifest-md5.txt')).toBe(`${md5}  data/ManagedRepository/a\n${md5}  data/ManagedRepository/b\n`);
  expect(text(both, 'tagmanifest-sha256.txt')).toContain(
    `${sha256(text(both, 'manifest-md5.txt'))}  manifest-md5.txt\n`,
  );
  expect(
    tagFiles(bag([file(Buffer.from('b'), { digests }), file(Buffer.from('a'))])).map(({ name }) => name),
  ).not.toContain('manifest-md5.txt');
});

it('is the same for the same files in any order', () => {
  const files = ['b', 'a', 'c/d', 'c'].map((path) => file(Buffer.from(path)));
  expect(tagFiles(bag(files))).toEqual(tagFiles(bag([...files].reverse())));
});

const oddNames = [
  'plain',
  'back\\slash',
  'new\nline',
  'carriage\r',
  '\rfirst',
  '50% glycerol',
  'per%0Acent',
  '\\',
  ' lead',
  'trail ',
  '-dash',
  'all\\\n\r%',
].map((name) => Buffer.from(name));
oddNames.push(Buffer.from([0xff, 0x0a, 0xfe]));

it('percent-encodes LF, CR and percent signs in names, and nothing else (RFC 8493, 2.1.3)', () => {
  const names = text(bag(oddNames.map((name) => file(name))), 'manifest-sha256.txt')
    .split('\n')
    .map((line) => line.slice(64 + '  data/ManagedRepository/'.length));
  expect(names).toEqual([
    '%0Dfirst',
    ' lead',
    '-dash',
    '50%25 glycerol',
    '\\',
    'all\\%0A%0D%25',
    'back\\slash',
    'carriage%0D',
    'new%0Aline',
    'per%250Acent',
    'plain',
    'trail ',
    '\xff%0A\xfe',
    '',
  ]);
});

it('has a list for sha256sum only where the manifest has names that it would not find', () => {
  const names = (path: string): readonly string[] => tagFiles(bag([file(Buffer.from(path))])).map(({ name }) => name);
  expect(names('back\\slash')).not.toContain('sha256sum.txt');
  for (const path of ['50%', 'a\nb', 'a\rb']) expect(names(path)).toContain('sha256sum.txt');
  const description = bag([file(Buffer.from('50%'))]);
  expect(text(description, 'tagmanifest-sha256.txt')).toContain(
    `${sha256(text(description, 'sha256sum.txt'))}  sha256sum.txt\n`,
  );
});

it.each([
  ['manifest-sha256.txt', oddNames.filter((name) => !/[\n\r%]/.test(name.toString('latin1')))],
  ['sha256sum.txt', oddNames],
])('passes sha256sum by %s', (list, names) => {
  const directory = mkdtempSync(join(tmpdir(), 'coldroom-bagit-'));
  try {
    mkdirSync(join(directory, 'data/ManagedRepository'), { recursive: true });
    for (const name of names)
      writeFileSync(Buffer.concat([Buffer.from(`${directory}/data/ManagedRepository/`), name]), 'right');
    const tags = tagFiles(bag(names.map((name) => file(name))));
    for (const { name, content } of tags) writeFileSync(join(directory, name), content);
    const said = execFileSync('sha256sum', ['--check', '--strict', list, 'tagmanifest-sha256.txt'], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect(said.match(/: OK$/gm)?.length).toBe(names.length + tags.length - 1);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('describes each file in one line of JSON', () => {
  const odd = Buffer.from([0x61, 0xff, 0x0a]);
  const lines = text(
    bag([file(Buffer.from('ä')), file(odd, { attributes: { 'user.b': Buffer.of(0), 'user.a': Buffer.from('x') } })]),
    'omero.jsonl',
  )
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => JSON.parse(Buffer.from(line, 'latin1').toString()) as unknown)).toEqual([
    {
      kind: 'fileset file',
      originalFile: 11,
      pixels: null,
      fileset: 'Fileset:9',
      images: [1, 2],
      owner: 'alice',
      group: 'lab',
      root: 'ManagedRepository',
      path: 'a\\xff\\x0a',
      pathBase64: odd.toString('base64'),
      size: 5,
      mtimeNs: '1700000000123456789',
      mode: '0640',
      uid: 1000,
      gid: 1001,
      attributes: { 'user.a': 'eA==', 'user.b': 'AA==' },
      omeroHash: { algorithm: 'SHA1-160', value: 'abc' },
      sha256: sha256('right'),
    },
    expect.objectContaining({ path: 'ä' }),
  ]);
  expect(lines[1]).not.toContain('pathBase64');
  expect(text(bag([file(Buffer.from('new\nline'))]), 'omero.jsonl')).toContain(
    `"path":"new\\\\x0aline","pathBase64":"${Buffer.from('new\nline').toString('base64')}"`,
  );
});

it.each([
  ['Pixels', 'Dir-001/1000', 'pixels'],
  ['Pixels', '1000_pyramid', 'pyramid'],
  ['Files', '7', 'original file'],
] as const)('calls %s/%s a %s', (root, path, kind) => {
  expect(text(bag([file(Buffer.from(path), { root })]), 'omero.jsonl')).toContain(`"kind":"${kind}"`);
});

it('does not bag a file without its digest, nor round a number', () => {
  expect(() => tagFiles(bag([file(Buffer.from('x'), { digests: {} })]))).toThrow(TypeError);
  expect(() => tagFiles(bag([file(Buffer.from('x'), { originalFileId: 2n ** 53n })]))).toThrow(RangeError);
});
