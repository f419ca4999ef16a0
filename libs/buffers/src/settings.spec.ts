import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseImports, readImportsSettings } from './settings';

const day = 86_400_000;
const only = (buffer: object) => parseImports({ buffers: { main: { directory: '/buffer', ...buffer } } }).buffers[0];

it('has a default for everything but the directory', () => {
  expect(only({})).toEqual({
    name: 'main',
    directory: '/buffer',
    locks: '/buffer/.coldroom-locks',
    lock: 'links',
    fallback: 'refuse',
    permanent: false,
    transfers: ['upload'],
    removeAfterMs: 60 * day,
    leftOut: 'file',
    lifetimeMs: 60 * day,
    access: '{login}',
    shared: [],
    warnBelow: { percent: 10 },
  });
});

it.each([
  ['30d', 30 * day],
  [0, 0],
  ['0', 0],
  ['never', null],
])('removes after %j', (remove, ms) => expect(only({ remove })?.removeAfterMs).toBe(ms));

it('never empties a permanent buffer', () => {
  expect(only({ permanent: true, transfers: ['ln_s'] })?.removeAfterMs).toBeNull();
  expect(only({ permanent: true, remove: 'never' })?.removeAfterMs).toBeNull();
});

it.each([
  ['transfers', { transfers: ['ln_s'] }],
  ['transfers', { transfers: [] }],
  ['transfers', { transfers: ['ln_rm'] }],
  ['remove', { permanent: true, remove: '60d' }],
  ['remove', { permanent: true, remove: 0 }],
  ['remove', { remove: 'soon' }],
  ['remove', { remove: 60 }],
  ['lock', { permanent: true, lock: 'moved' }],
  ['lock', { permanent: true, fallback: 'moved' }],
  ['locks', { locks: '/buffer' }],
  ['locks', { locks: 'locks' }],
  ['directory', { directory: '/' }],
  ['directory', { directory: '/a/../b' }],
  ['directory', { directory: 'buffer' }],
  ['access', { access: 'users' }],
  ['access', { access: '/{login}' }],
  ['access', { access: '../{login}' }],
  ['shared', { shared: ['..'] }],
  ['shared', { shared: [''] }],
  ['transfer', { transfer: 'ln' }],
  ['sync', { sync: 'root' }],
  ['sync', { sync: '/buffer/root' }],
  ['sync', { locks: '/locks', sync: '/locks' }],
  ['sync', { permanent: true, transfers: ['ln_s'], sync: '/root' }],
  ['rate', { rate: 'fast' }],
])('refuses %s of %j', (key, buffer) => {
  expect(() => only(buffer)).toThrow(
    expect.objectContaining({ code: 'IMPORTS_INVALID', message: expect.stringContaining(key) }),
  );
});

it.each([
  [{ directory: '/buffer/inner' }],
  [{ directory: '/buffer' }],
  [{ directory: '/other', locks: '/buffer/locks' }],
  [{ directory: '/other', locks: '/' + 'buffer/.coldroom-locks' }],
  [{ directory: '/other', sync: '/buffer/root' }],
])('refuses a second buffer %j that shares a directory', (second) => {
  expect(() => parseImports({ buffers: { main: { directory: '/buffer' }, second } })).toThrow(/share a directory/);
});

it('takes an import root, and how fast it may be filled', () => {
  expect(only({ sync: '/root', rate: '100MB/s' })).toMatchObject({ sync: '/root', rate: 100_000_000 });
});

it('takes buffers beside each other', () => {
  const { buffers } = parseImports({ buffers: { main: { directory: '/buffer' }, second: { directory: '/buffer-2' } } });
  expect(buffers.map(({ name }) => name)).toEqual(['main', 'second']);
});

it('reads a file, and reports all its faults', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'coldroom-buffers-'));
  try {
    writeFileSync(join(dir, 'a'), 'buffers:\n  main:\n    directory: /buffer\n    remove: 0\n');
    expect((await readImportsSettings(join(dir, 'a'))).buffers[0]?.removeAfterMs).toBe(0);
    writeFileSync(join(dir, 'b'), 'bufers: 1\nbuffers:\n  Main:\n    directory: x\n');
    const faults = readImportsSettings(join(dir, 'b'));
    await expect(faults).rejects.toMatchObject({ kind: 'refused', code: 'IMPORTS_INVALID' });
    for (const fault of ['bufers', 'buffers.Main', 'lower-case'])
      await expect(faults).rejects.toThrow(expect.objectContaining({ message: expect.stringContaining(fault) }));
    await expect(readImportsSettings(join(dir, 'none'))).rejects.toMatchObject({ code: 'IMPORTS_INVALID' });
    await expect(Promise.resolve().then(() => parseImports({ buffers: {} }))).rejects.toMatchObject({
      code: 'IMPORTS_INVALID',
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
