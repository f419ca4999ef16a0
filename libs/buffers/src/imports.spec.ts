import { writeMarker } from '@coldroom/files';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferMarker, Imports } from './imports';
import { kindOf } from './look';
import { parseImports } from './settings';

let dir: string;
let imports: Imports;
const at = (...names: string[]): string => join(dir, ...names);
const bytes = (...names: string[]): Buffer => Buffer.from(at(...names));

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'coldroom-buffers-'));
  for (const path of [
    'buffer/alice/set',
    'buffer/bob/set',
    'buffer/everyone/set',
    'buffer/.coldroom-locks/5',
    'OMERO/Files',
  ])
    mkdirSync(at(path), { recursive: true });
  mkdirSync(at('outside'));
  for (const path of [
    'buffer/alice/a.tif',
    'buffer/alice/set/b.tif',
    'buffer/bob/c.tif',
    'buffer/top.tif',
    'outside/d.tif',
  ])
    writeFileSync(at(path), path);
  await writeMarker(at('buffer'), bufferMarker('main'));
  imports = of({ main: { directory: at('buffer'), shared: ['everyone'], transfers: ['ln', 'upload'] } });
});
afterEach(() => rmSync(dir, { recursive: true }));

const of = (buffers: object): Imports => new Imports(parseImports({ buffers }), at('OMERO'));
const resolved = (path: Buffer | string, login = 'alice', seesAll = false) =>
  imports.resolveSource(Buffer.from(path), login, seesAll);
const refused = (path: Buffer | string, code: string, login = 'alice', seesAll = false) =>
  expect(resolved(path, login, seesAll)).rejects.toMatchObject({ kind: 'refused', code });

it('finds files and directories of a person, and shared ones', async () => {
  expect(await resolved(at('buffer/alice/a.tif'))).toMatchObject({
    buffer: { name: 'main' },
    path: bytes('buffer/alice/a.tif'),
    below: Buffer.from('alice/a.tif'),
    kind: 'file',
  });
  expect(await resolved(at('buffer/alice/set'))).toMatchObject({ kind: 'directory' });
  expect(await resolved(at('buffer/everyone/set'))).toMatchObject({ kind: 'directory' });
});

it('keeps names as bytes', async () => {
  const odd = Buffer.concat([bytes('buffer/alice/'), Buffer.from([0x2f, 0xff, 0x0a, 0x27, 0x2d])]);
  writeFileSync(odd, '');
  const path = Buffer.concat([bytes('buffer/alice'), Buffer.from([0x2f, 0xff, 0x0a, 0x27, 0x2d])]);
  expect(await resolved(path)).toMatchObject({ path, display: `${at('buffer/alice')}/\\xff\\x0a'-` });
});

it('answers the same for a path through a link within the buffer', async () => {
  symlinkSync('set', at('buffer/alice/link'));
  expect((await resolved(at('buffer/alice/link/b.tif'))).path).toEqual(bytes('buffer/alice/set/b.tif'));
});

it('names a buffer that is itself a link as it is configured', async () => {
  symlinkSync('buffer', at('short'));
  imports = of({ main: { directory: at('short') } });
  expect((await resolved(at('short/alice/a.tif'))).path).toEqual(bytes('short/alice/a.tif'));
  expect((await resolved(at('buffer/alice/a.tif'), 'manager', true)).path).toEqual(bytes('short/alice/a.tif'));
});

describe('refuses', () => {
  it('what is in no buffer, without a look at it', async () => {
    await refused(at('outside/d.tif'), 'IMPORT_SOURCE_OUTSIDE');
    await refused(at('outside/none.tif'), 'IMPORT_SOURCE_OUTSIDE');
    await refused(at('outside/d.tif'), 'IMPORT_SOURCE_OUTSIDE', 'manager', true);
    await refused(at('buffer-2/d.tif'), 'IMPORT_SOURCE_OUTSIDE');
  });

  it.each(['alice/a.tif', '', '/x/../y', '/x//y', '/x/./y', '/x\0'])('the path %j', (path) =>
    refused(path, 'PATH_NOT_ALLOWED'),
  );

  it('the directories of others, whether there is such a file or not', async () => {
    await refused(at('buffer/bob/c.tif'), 'IMPORT_SOURCE_NOT_YOURS');
    await refused(at('buffer/bob/none.tif'), 'IMPORT_SOURCE_NOT_YOURS');
    await refused(at('buffer/top.tif'), 'IMPORT_SOURCE_NOT_YOURS');
    await refused(at('buffer/alice-2/x'), 'IMPORT_SOURCE_NOT_YOURS');
    expect(await resolved(at('buffer/bob/c.tif'), 'alice', true)).toMatchObject({ kind: 'file' });
  });

  it('links to the directories of others', async () => {
    symlinkSync('../bob', at('buffer/alice/link'));
    await refused(at('buffer/alice/link/c.tif'), 'IMPORT_SOURCE_NOT_YOURS');
  });

  it.each(['..', '.', '', 'a/b', 'alice/../bob', 'bob\0'])('every directory for the login %j', async (login) => {
    await refused(at('buffer/bob/c.tif'), 'IMPORT_SOURCE_NOT_YOURS', login);
    await refused(at('buffer/alice/a.tif'), 'IMPORT_SOURCE_NOT_YOURS', login);
  });

  it('links that lead out of the buffer, for everyone', async () => {
    symlinkSync('/', at('buffer/alice/root'));
    symlinkSync(at('outside/d.tif'), at('buffer/alice/file'));
    await refused(at('buffer/alice/root/etc/passwd'), 'IMPORT_SOURCE_LEADS_OUT');
    await refused(at('buffer/alice/file'), 'IMPORT_SOURCE_LEADS_OUT');
    await refused(at('buffer/alice/file'), 'IMPORT_SOURCE_LEADS_OUT', 'manager', true);
  });

  it('the buffer, the directory of a person, and a shared one', async () => {
    await refused(at('buffer'), 'IMPORT_SOURCE_TOO_WIDE', 'alice', true);
    await refused(at('buffer/alice'), 'IMPORT_SOURCE_TOO_WIDE');
    await refused(at('buffer/everyone'), 'IMPORT_SOURCE_TOO_WIDE');
    await refused(at('buffer/everyone'), 'IMPORT_SOURCE_TOO_WIDE', 'manager', true);
  });

  it('locks, what contains them, and our marker', async () => {
    await refused(at('buffer/.coldroom-locks/5'), 'IMPORT_SOURCE_RESERVED', 'manager', true);
    await refused(at('buffer/.coldroom-root'), 'IMPORT_SOURCE_RESERVED', 'manager', true);
    symlinkSync('../.coldroom-locks/5', at('buffer/alice/locks'));
    await refused(at('buffer/alice/locks'), 'IMPORT_SOURCE_RESERVED', 'manager', true);
    imports = of({ main: { directory: at('buffer'), locks: at('buffer/alice/set/locks'), shared: ['.'] } });
    await refused(at('buffer/alice/set'), 'IMPORT_SOURCE_RESERVED');
  });

  it("what is in OMERO's data directory, or contains it", async () => {
    mkdirSync(at('buffer/alice/repository'));
    rmSync(at('OMERO/Files'), { recursive: true });
    symlinkSync(at('buffer/alice/repository'), at('OMERO/Files'));
    await refused(at('buffer/alice/repository'), 'IMPORT_SOURCE_IN_OMERO');
    mkdirSync(at('buffer/alice/data/OMERO'), { recursive: true });
    imports = new Imports(
      parseImports({ buffers: { main: { directory: at('buffer') } } }),
      at('buffer/alice/data/OMERO'),
    );
    await refused(at('buffer/alice/data'), 'IMPORT_SOURCE_IN_OMERO');
  });

  it('what is not there, or neither a file nor a directory', async () => {
    await refused(at('buffer/alice/none'), 'IMPORT_SOURCE_GONE');
    await refused(at('buffer/alice/a.tif/x'), 'IMPORT_SOURCE_GONE');
    symlinkSync('loop', at('buffer/alice/loop'));
    await refused(at('buffer/alice/loop'), 'IMPORT_SOURCE_GONE');
    execFileSync('mkfifo', [at('buffer/alice/fifo')]);
    await refused(at('buffer/alice/fifo'), 'IMPORT_SOURCE_KIND');
  });
});

it('follows no link that takes a place after the links were resolved', async () => {
  const root = await imports.root(imports.buffers[0]!);
  renameSync(at('buffer/alice/set'), at('buffer/alice/was'));
  symlinkSync(at('outside'), at('buffer/alice/set'));
  await expect(kindOf(root, Buffer.from('alice/set/d.tif'), 'd')).rejects.toMatchObject({
    code: 'PARENT_NOT_A_DIRECTORY',
  });
  await expect(kindOf(root, Buffer.from('alice/set'), 'set')).rejects.toMatchObject({ code: 'IMPORT_SOURCE_KIND' });
});

it('reports a buffer that is not mounted, or is another one', async () => {
  chmodSync(at('buffer/.coldroom-root'), 0o644);
  renameSync(at('buffer/.coldroom-root'), at('marker'));
  const unavailable = { kind: 'transient', code: 'ROOT_UNAVAILABLE' };
  await expect(resolved(at('buffer/alice/a.tif'))).rejects.toMatchObject(unavailable);
  await expect(resolved(at('buffer/alice/none'))).rejects.toMatchObject(unavailable);
  await writeMarker(at('buffer'), 'main');
  await expect(resolved(at('buffer/alice/a.tif'))).rejects.toMatchObject(unavailable);
});

it('knows the buffer of a recorded path', () => {
  expect(imports.bufferOf(bytes('buffer/alice/gone'))?.name).toBe('main');
  expect(imports.bufferOf(bytes('buffer/.coldroom-locks/5'))).toBeUndefined();
  expect(imports.bufferOf(bytes('buffer-2/alice'))).toBeUndefined();
});

it('uses the first transfer mode, and refuses the others', () => {
  const [main] = imports.buffers;
  expect(imports.transferOf(main!)).toBe('ln');
  expect(imports.transferOf(main!, 'upload')).toBe('upload');
  expect(() => imports.transferOf(main!, 'cp')).toThrow(
    expect.objectContaining({ code: 'IMPORT_TRANSFER_NOT_ALLOWED' }),
  );
});

describe('a directory to look into', () => {
  const looked = (path: string, login = 'alice', seesAll = false) =>
    imports.resolveDirectory(Buffer.from(at(path)), login, seesAll);
  const refusedLook = (path: string, code: string, login = 'alice', seesAll = false) =>
    expect(looked(path, login, seesAll)).rejects.toMatchObject({ kind: 'refused', code });

  it('may be the whole one of a person, a shared one, or for some people the buffer', async () => {
    expect(await looked('buffer/alice')).toMatchObject({ below: Buffer.from('alice'), path: bytes('buffer/alice') });
    expect(await looked('buffer/everyone')).toMatchObject({ below: Buffer.from('everyone') });
    expect(await looked('buffer', 'manager', true)).toMatchObject({ below: Buffer.alloc(0), path: bytes('buffer') });
  });

  it('is not one of others, one of locks, a file, or one elsewhere', async () => {
    await refusedLook('buffer', 'IMPORT_SOURCE_NOT_YOURS');
    await refusedLook('buffer/bob', 'IMPORT_SOURCE_NOT_YOURS');
    await refusedLook('buffer/.coldroom-locks', 'IMPORT_SOURCE_RESERVED', 'manager', true);
    await refusedLook('buffer/alice/a.tif', 'IMPORT_SOURCE_KIND');
    await refusedLook('outside', 'IMPORT_SOURCE_OUTSIDE');
    symlinkSync('/', at('buffer/alice/root'));
    await refusedLook('buffer/alice/root', 'IMPORT_SOURCE_LEADS_OUT');
  });
});
