import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseStores, readStores } from './settings';

let directory: string;
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'coldroom-settings-')); });
afterEach(() => rmSync(directory, { recursive: true }));

function written(text: string): string {
  const path = join(directory, 'stores');
  writeFileSync(path, text);
  return path;
}

const expected = { default: 'main', groups: {}, stores: { main: { kind: 'file', directory: '/archive', sameFileSystem: false, verify: 'direct' } } };

it('reads YAML and JSON alike', async () => {
  expect(await readStores(written('default: main\nstores:\n  main:\n    kind: file\n    directory: /archive\n'))).toEqual(expected);
  expect(await readStores(written(JSON.stringify({ default: 'main', stores: { main: { kind: 'file', directory: '/archive' } } })))).toEqual(expected);
});

it('tells all faults at once, with their keys', async () => {
  const faults = readStores(written('default: main\nstroes: 1\nstores:\n  main:\n    kind: file\n    directory: archive/../x\n    verfiy: cached\n  second:\n    kind: tape\n'));
  await expect(faults).rejects.toMatchObject({ kind: 'refused', code: 'STORES_INVALID' });
  for (const fault of ['stores.main.directory: must be an absolute path', 'verfiy', 'stores.second.kind', 'stroes']) {
    await expect(faults).rejects.toMatchObject({ message: expect.stringContaining(fault) });
  }
});

it.each(['default: main', ': [', '', 'default: main\nstores: {}', 'default: other\nstores:\n  main: { kind: file, directory: /archive }',
  'default: main\nstores:\n  main: { kind: file, directory: / }', 'default: main\nstores:\n  main: { kind: file, directory: /archive/ }', 'default: main\nstores:\n  main: { kind: file, directory: /archive/../omero }',
  'default: Main\nstores:\n  Main: { kind: file, directory: /archive }', 'default: main\nstores:\n  main: { kind: file, directory: /archive, sameFileSystem: "yes" }'])('refuses %j', async (text) => {
  await expect(readStores(written(text))).rejects.toMatchObject({ code: 'STORES_INVALID' });
});

it('takes a store for a group, which must be in the list', () => {
  const stores = { main: { kind: 'file', directory: '/archive' }, tape: { kind: 'file', directory: '/tape' } };
  expect(parseStores({ default: 'main', groups: { 'Lab of Ada': 'tape' }, stores })).toMatchObject({ groups: { 'Lab of Ada': 'tape' } });
  expect(() => parseStores({ default: 'main', groups: { lab: 'cloud' }, stores })).toThrow(expect.objectContaining({ message: expect.stringContaining('groups') }));
});

it('says when the file cannot be read', async () => {
  await expect(readStores(join(directory, 'none'))).rejects.toMatchObject({ code: 'STORES_INVALID', message: expect.stringContaining('ENOENT') });
});

it('does not take a name of every object for a store', () => {
  expect(() => parseStores({ default: 'constructor', stores: {} })).toThrow(expect.objectContaining({ code: 'STORES_INVALID' }));
});
