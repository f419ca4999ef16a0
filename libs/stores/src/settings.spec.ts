import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseStores, readStores } from './settings';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coldroom-settings-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function written(text: string): string {
  const path = join(directory, 'stores');
  writeFileSync(path, text);
  return path;
}

const expected = {
  default: 'main',
  groups: {},
  stores: {
    main: { kind: 'file', directory: '/archive', sameFileSystem: false, verify: 'direct', protect: 'permissions' },
  },
};

it('reads YAML and JSON alike', async () => {
  expect(
    await readStores(written('default: main\nstores:\n  main:\n    kind: file\n    directory: /archive\n')),
  ).toEqual(expected);
  expect(
    await readStores(
      written(JSON.stringify({ default: 'main', stores: { main: { kind: 'file', directory: '/archive' } } })),
    ),
  ).toEqual(expected);
});

it('reports all faults at once, with their keys', async () => {
  const faults = readStores(
    written(
      'default: main\nstroes: 1\nstores:\n  main:\n    kind: file\n    directory: archive/../x\n    verfiy: cached\n  second:\n    kind: tape\n',
    ),
  );
  await expect(faults).rejects.toMatchObject({ kind: 'refused', code: 'STORES_INVALID' });
  for (const fault of ['stores.main.directory: must be an absolute path', 'verfiy', 'stores.second.kind', 'stroes']) {
    await expect(faults).rejects.toMatchObject({ message: expect.stringContaining(fault) });
  }
});

it.each([
  'default: main',
  ': [',
  '',
  'default: main\nstores: {}',
  'default: other\nstores:\n  main: { kind: file, directory: /archive }',
  'default: main\nstores:\n  main: { kind: file, directory: / }',
  'default: main\nstores:\n  main: { kind: file, directory: /archive/ }',
  'default: main\nstores:\n  main: { kind: file, directory: /archive/../omero }',
  'default: Main\nstores:\n  Main: { kind: file, directory: /archive }',
  'default: main\nstores:\n  main: { kind: file, directory: /archive, sameFileSystem: "yes" }',
])('refuses %j', async (text) => {
  await expect(readStores(written(text))).rejects.toMatchObject({ code: 'STORES_INVALID' });
});

it('accepts a store for a group, which must be in the list', () => {
  const stores = { main: { kind: 'file', directory: '/archive' }, tape: { kind: 'file', directory: '/tape' } };
  expect(parseStores({ default: 'main', groups: { 'Lab of Ada': 'tape' }, stores })).toMatchObject({
    groups: { 'Lab of Ada': 'tape' },
  });
  expect(() => parseStores({ default: 'main', groups: { lab: 'cloud' }, stores })).toThrow(
    expect.objectContaining({ message: expect.stringContaining('groups') }),
  );
});

it('reports that the file cannot be read', async () => {
  await expect(readStores(join(directory, 'none'))).rejects.toMatchObject({
    code: 'STORES_INVALID',
    message: expect.stringContaining('ENOENT'),
  });
});

it('does not accept an inherited property of objects as a store', () => {
  expect(() => parseStores({ default: 'constructor', stores: {} })).toThrow(
    expect.objectContaining({ code: 'STORES_INVALID' }),
  );
});

describe('a location of its own for each store', () => {
  const file = (directory: string): object => ({ kind: 'file', directory });
  const arkivum = (mount: string): object => ({
    kind: 'arkivum',
    mount,
    url: 'https://arkivum.example.org:8443',
    api: 'v3',
  });
  const s3 = (part: object = {}): object => ({
    kind: 's3',
    endpoint: 'https://s3.example.org',
    bucket: 'coldroom',
    accessKeyFile: '/k',
    secretKeyFile: '/s',
    recallDirectory: '/recalled',
    ...part,
  });
  const two =
    (one: object, other: object, more: object = {}) =>
    () =>
      parseStores({ default: 'one', stores: { one, other, ...more } });

  it.each<[string, object, object]>([
    ['the same directory', file('/archive'), file('/archive')],
    ['a directory below it', file('/archive'), file('/archive/second')],
    ['a directory around it', arkivum('/mnt/appliance/coldroom'), file('/mnt/appliance')],
    ['the same bucket', s3(), s3()],
    ['the same bucket, another spelling', s3(), s3({ endpoint: 'https://S3.Example.org:443/' })],
    ['the same bucket without TLS', s3(), s3({ endpoint: 'http://s3.example.org', insecure: true })],
    ['the same bucket and prefix', s3({ prefix: 'a/b' }), s3({ prefix: 'a/b', region: 'eu-west-2', pathStyle: false })],
    ['a prefix below it', s3({ prefix: 'a' }), s3({ prefix: 'a/b' })],
    ['a prefix in a bucket that is all of the other', s3({ prefix: 'a' }), s3()],
  ])('refuses %s, and names both', (_what, one, other) => {
    const refused = expect.objectContaining({
      code: 'STORES_INVALID',
      message: expect.stringMatching(/one and other are both in |other and one are both in /),
    });
    expect(two(one, other)).toThrow(refused);
    expect(two(one, other, { both: { kind: 'copies', of: ['one', 'other'] } })).toThrow(refused);
  });

  it.each<[string, object, object]>([
    ['names that begin alike', file('/archive'), file('/archive2')],
    ['directories beside each other', file('/mnt/a'), arkivum('/mnt/b')],
    ['another bucket', s3(), s3({ bucket: 'coldroom2' })],
    ['another server', s3(), s3({ endpoint: 'https://s3.example.org:8443' })],
    ['prefixes that begin alike', s3({ prefix: 'a' }), s3({ prefix: 'ab' })],
  ])('accepts %s', (_what, one, other) => {
    expect(two(one, other, { both: { kind: 'copies', of: ['one', 'other'] } })).not.toThrow();
  });
});
