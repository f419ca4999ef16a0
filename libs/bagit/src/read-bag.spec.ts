import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DescribedFile } from './bag-description';
import { manifest } from './manifest';
import { informationOf } from './bag-information';
import { nameFormIn, readBag } from './read-bag';
import { percentDecoded, underStoredNames } from './stored-names';
import { earlierBags, unpackEarlierBags } from './testing';
import { parseManifest } from './read-manifest';
import { parseOmeroLines } from './read-omero-lines';
import { tagFiles } from './tag-files';

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const identity = {
  dev: 0n,
  ino: 0n,
  size: 5n,
  mtimeNs: 1_700_000_000_123_456_789n,
  ctimeNs: 0n,
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
    omeroHash: null,
    digests: { 'SHA-256': sha256(path) },
    ...part,
  };
}

const odd = [
  'plain',
  'back\\slash',
  'new\nline',
  'carriage\r',
  '\\',
  ' lead',
  'trail ',
  '*star',
  'all\\\n\r',
  'ä',
  '\\x0a',
  'a\\nb',
  '50% glycerol',
  'a%0Ab',
  '%25',
  '[1]',
].map((name) => Buffer.from(name));
odd.push(Buffer.from([0xff, 0x0a, 0xfe]));

/** The tag files of a valid bag, changed by a test; `sealed` updates the tag manifest to match. */
class Bag {
  private readonly tags: Map<string, Buffer>;

  constructor(files: readonly DescribedFile[] = [file(Buffer.from('a')), file(Buffer.from('b'))], bag = 'r1-b2') {
    this.tags = new Map(
      tagFiles({ bag, date: new Date('2026-02-03T23:59:00Z'), files, information: [['Coldroom-Request', '3']] }).map(
        ({ name, content }) => [name, content],
      ),
    );
  }

  changed(name: string, change: (text: string) => string, resealed = true): this {
    this.tags.set(name, Buffer.from(change(this.tags.get(name)!.toString('latin1')), 'latin1'));
    if (resealed) {
      const entries = [...this.tags]
        .filter(([tag]) => tag !== 'tagmanifest-sha256.txt')
        .map(([tag, content]) => ({ digest: sha256(content), path: Buffer.from(tag) }));
      if (name !== 'tagmanifest-sha256.txt') this.tags.set('tagmanifest-sha256.txt', manifest(entries, 'RFC 8493'));
    }
    return this;
  }

  without(name: string): this {
    this.tags.delete(name);
    return this;
  }

  readTag = async (_bag: string, name: string): Promise<Buffer | undefined> => this.tags.get(name);
}

it('reads back what was written, for every name', async () => {
  const files = odd.map((name, at) =>
    file(name, {
      originalFileId: at === 0 ? null : BigInt(Number.MAX_SAFE_INTEGER),
      omeroHash: { algorithm: 'SHA1-160', value: 'ABC' },
      digests: { 'SHA-256': sha256(name), 'SHA1-160': 'abc' },
      attributes: { 'user.a': Buffer.of(0, 255) },
    }),
  );
  files.push(
    file(Buffer.from('Dir-001/1000_pyramid'), {
      root: 'Pixels',
      copyPath: Buffer.from('Pixels/Dir-001/1000_pyramid'),
      fileset: 'Legacy:7',
      pixelsId: 1000n,
    }),
  );
  const read = await readBag(new Bag(files), 'r1-b2');
  expect(read.files).toEqual([...files].sort((one, other) => Buffer.compare(one.copyPath, other.copyPath)));
  expect(read).toMatchObject({ bag: 'r1-b2', date: new Date('2026-02-03T00:00:00Z') });
  expect(informationOf(read.information, 'coldroom-request')).toBe('3');
});

it('reads MD5 if the bag has it', async () => {
  const md5 = '0123456789abcdef'.repeat(2);
  const files = [Buffer.from('a'), Buffer.from('b\n')].map((name) =>
    file(name, { digests: { 'SHA-256': sha256(name), 'MD5-128': md5 } }),
  );
  expect((await readBag(new Bag(files), 'r1-b2')).files.map(({ digests }) => digests['MD5-128'])).toEqual([md5, md5]);
});

it.each(['RFC 8493', 'sha256sum'] as const)('reads manifests by the rules of %s', (form) => {
  const entries = odd.map((path) => ({ digest: sha256(path), path }));
  expect(parseManifest(manifest(entries, form), 'm', form)).toEqual(
    [...entries].sort((one, other) => Buffer.compare(one.path, other.path)),
  );
  expect(parseManifest(Buffer.from(`${'AB'.repeat(32)} *x y\n`), 'm', form)).toEqual([
    { digest: 'ab'.repeat(32), path: Buffer.from('x y') },
  ]);
});

it.each(['x%', 'x%2', 'x%41', 'x%zz'])('rejects the name %s, in which RFC 8493 leaves nothing of this kind', (name) => {
  expect(() => parseManifest(Buffer.from(`${'a'.repeat(64)}  ${name}\n`), 'm', 'RFC 8493')).toThrow(
    expect.objectContaining({ code: 'TAG_NOT_UNDERSTOOD' }),
  );
});

it.each([
  `${'a'.repeat(64)}  cut`,
  `${'a'.repeat(63)}  x\n`,
  `${'g'.repeat(64)}  x\n`,
  `\\${'a'.repeat(64)}  x\\t\n`,
  `\\${'a'.repeat(64)}  x\\\n`,
  '\n',
  `${'a'.repeat(64)} x\n`,
])('rejects the manifest line %j', (text) => {
  expect(() => parseManifest(Buffer.from(text), 'm', 'sha256sum')).toThrow(
    expect.objectContaining({ code: 'TAG_NOT_UNDERSTOOD' }),
  );
});

const line = (change: Record<string, unknown>): Buffer => {
  const written = JSON.parse(
    tagFiles({ bag: 'b', date: new Date(0), files: [file(Buffer.from('a'))] })
      .find(({ name }) => name === 'omero.jsonl')!
      .content.toString(),
  ) as object;
  return Buffer.from(`${JSON.stringify({ ...written, ...change })}\n`);
};

it.each([
  { originalFile: 2 ** 53 },
  { images: [1.5] },
  { size: -1 },
  { root: 'Thumbnails' },
  { mode: '8888' },
  { mode: 640 },
  { sha256: 'A'.repeat(64) },
  { owner: 'a\0b' },
  { mtimeNs: 12 },
  { fileset: 'Image:1' },
  { path: 'a', pathBase64: Buffer.from('b').toString('base64') },
  { path: 'a\nb' },
])('rejects a line with %j', (change) => {
  expect(() => parseOmeroLines(line(change))).toThrow(
    expect.objectContaining({ kind: 'refused', code: 'TAG_NOT_UNDERSTOOD' }),
  );
});

it.each(['../x', '/etc/passwd', 'a/../../x', '', 'a//b', 'a/.', `${'x'.repeat(256)}`])(
  'does not let the path %j leave its root',
  (path) => {
    expect(() => parseOmeroLines(line({ path }))).toThrow(expect.objectContaining({ code: 'ENTRY_NOT_ALLOWED' }));
  },
);

it('does not let a path in base64 leave its root, nor one with NUL', () => {
  for (const path of ['../x', 'a\0b']) {
    expect(() => parseOmeroLines(line({ path: 'a', pathBase64: Buffer.from(path).toString('base64') }))).toThrow(
      expect.objectContaining({ code: 'ENTRY_NOT_ALLOWED' }),
    );
  }
});

it('does not accept a truncated file as a shorter one', () => {
  const whole = line({});
  expect(() => parseOmeroLines(whole.subarray(0, -1))).toThrow(expect.objectContaining({ code: 'TAG_NOT_UNDERSTOOD' }));
  expect(() => parseOmeroLines(Buffer.from('{"a\n'))).toThrow(expect.objectContaining({ code: 'TAG_NOT_UNDERSTOOD' }));
});

const hex = sha256('x');
const refusals: readonly (readonly [string, string, () => Bag])[] = [
  ['no tag manifest', 'TAG_MISSING', () => new Bag().without('tagmanifest-sha256.txt')],
  ['a tag file gone', 'TAG_MISSING', () => new Bag().without('omero.jsonl')],
  [
    'a tag manifest that leaves one out',
    'TAG_MISSING',
    () => new Bag().changed('tagmanifest-sha256.txt', (text) => text.replace(/.*omero\.jsonl\n/, '')),
  ],
  [
    'a changed tag file',
    'TAG_DIFFERS',
    () => new Bag().changed('omero.jsonl', (text) => text.replace('alice', 'malice'), false),
  ],
  [
    'a tag manifest that leads out',
    'ENTRY_NOT_ALLOWED',
    () => new Bag().changed('tagmanifest-sha256.txt', (text) => `${text}${hex}  ../other/omero.jsonl\n`),
  ],
  [
    'a manifest that leads out',
    'ENTRY_NOT_ALLOWED',
    () => new Bag().changed('manifest-sha256.txt', (text) => `${text}${hex}  data/../../x\n`),
  ],
  [
    'a manifest with an absolute path',
    'ENTRY_NOT_ALLOWED',
    () => new Bag().changed('manifest-sha256.txt', (text) => `${text}${hex}  /etc/passwd\n`),
  ],
  [
    'a manifest with more files',
    'BAG_INCONSISTENT',
    () => new Bag().changed('manifest-sha256.txt', (text) => `${text}${hex}  data/ManagedRepository/c\n`),
  ],
  [
    'a manifest with fewer files',
    'BAG_INCONSISTENT',
    () => new Bag().changed('manifest-sha256.txt', (text) => text.slice(text.indexOf('\n') + 1)),
  ],
  [
    'a manifest with a file twice',
    'BAG_INCONSISTENT',
    () => new Bag().changed('manifest-sha256.txt', (text) => text + text.slice(text.indexOf('\n') + 1)),
  ],
  [
    'another digest in the manifest',
    'BAG_INCONSISTENT',
    () => new Bag().changed('manifest-sha256.txt', (text) => text.replace(sha256('a'), hex)),
  ],
  [
    'another count',
    'BAG_INCONSISTENT',
    () => new Bag().changed('bag-info.txt', (text) => text.replace('10.2', '10.3')),
  ],
  ['another name', 'BAG_INCONSISTENT', () => new Bag(undefined, 'r1-b3')],
  [
    'no date',
    'TAG_NOT_UNDERSTOOD',
    () => new Bag().changed('bag-info.txt', (text) => text.replace('2026-02-03', '2026-13-03')),
  ],
  [
    'rules of a later version',
    'TAG_NOT_UNDERSTOOD',
    () => new Bag().changed('bag-info.txt', (text) => text.replace('RFC 8493', 'RFC 9999')),
  ],
  [
    'names that a later version encodes',
    'TAG_NOT_UNDERSTOOD',
    () => new Bag().changed('bag-info.txt', (text) => `${text}Coldroom-Payload-Names: base64\n`),
  ],
  ['a line that is none', 'TAG_NOT_UNDERSTOOD', () => new Bag().changed('bag-info.txt', (text) => `${text}nonsense\n`)],
];

it.each(refusals)('refuses a bag with %s', async (_what, code, bag) => {
  await expect(readBag(bag(), 'r1-b2')).rejects.toMatchObject({ kind: 'refused', code });
});

const percent = (path: Buffer): Buffer =>
  Buffer.from(
    [...path]
      .map((byte) =>
        /[a-z/A-Z]/.test(String.fromCharCode(byte))
          ? String.fromCharCode(byte)
          : `%${byte.toString(16).padStart(2, '0')}`,
      )
      .join(''),
  );

it('lists the names that a store has, and reads them as the paths that they stand for', async () => {
  const md5 = '0123456789abcdef'.repeat(2);
  const files = odd.map((name) => file(name, { digests: { 'SHA-256': sha256(name), 'MD5-128': md5 } }));
  const given = tagFiles({ bag: 'r1-b2', date: new Date('2026-02-03T00:00:00Z'), files });
  const stored = new Map(underStoredNames(given, percent).map(({ name, content }) => [name, content]));
  expect(stored.get('manifest-sha256.txt')!.toString()).toContain(
    'data/ManagedRepository/%2535%2530%2525%2520glycerol\n',
  );
  expect(stored.get('sha256sum.txt')!.toString()).toContain('data/ManagedRepository/%35%30%25%20glycerol\n');
  const read = await readBag({ readTag: async (_bag, name) => stored.get(name) }, 'r1-b2');
  expect(read.files).toEqual([...files].sort((one, other) => Buffer.compare(one.copyPath, other.copyPath)));
  expect(percentDecoded(Buffer.from('100%zz%4'))).toEqual(Buffer.from('100%zz%4'));
});

it('leaves tag files unchanged where a store has the names of all files', () => {
  const given = tagFiles({ bag: 'b', date: new Date(0), files: odd.map((name) => file(name)) });
  expect(underStoredNames(given, (path) => path)).toBe(given);
  expect(() => underStoredNames(given, () => Buffer.from('one'))).toThrow(TypeError);
});

describe('earlier bags', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coldroom-earlier-bags-'));
  beforeAll(() => unpackEarlierBags(directory));
  afterAll(() => {
    execFileSync('chmod', ['-R', 'u+w', directory]);
    rmSync(directory, { recursive: true });
  });

  it.each(earlierBags.flatMap((bag) => [['store', bag] as const, ['bucket', bag] as const]))(
    'are read as they are from a %s (%s), and sealing them again writes the same',
    async (place, bag) => {
      const store = { readTag: async (_: string, name: string) => readFileSync(join(directory, place, bag, name)) };
      const read = await readBag(store, bag);
      for (const { path, digests } of read.files)
        expect(digests['SHA-256']).toBe(sha256(Buffer.concat([Buffer.from('content of '), path])));
      expect(await nameFormIn(store, bag)).toBe('sha256sum');
      const information = read.information.filter(([label]) => label.startsWith('Coldroom-'));
      for (const { name, content } of tagFiles({ ...read, information }, 'sha256sum'))
        expect([name, content.toString('latin1')]).toEqual([
          name,
          readFileSync(join(directory, place, bag, name), 'latin1'),
        ]);
    },
  );
});
