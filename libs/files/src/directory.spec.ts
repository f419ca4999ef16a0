import { Refused } from '@coldroom/domain';
import {
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openDirectory } from './directory';
import { identify } from './fresh';
import { isSymlink } from './identity';
import { renameExchange, renameNoReplace } from './rename';
import { markerName, openRoot, type Root } from './roots';
import { asRoot, makeScratch, type Scratch } from './testing/scratch';
import { writeOnce } from './write-once';

let scratch: Scratch;
let root: Root;
const bytes = (text: string): Buffer => Buffer.from(text);
const coded = (code: string): unknown => expect.objectContaining({ code });

beforeEach(async () => {
  scratch = await makeScratch();
  root = await openRoot(scratch.root, 'ManagedRepository');
});
afterEach(() => scratch.remove());

describe('openDirectory', () => {
  it('returns paths that stay in the directory when it is moved and a link takes its place', async () => {
    scratch.write('a/b/file', 'right');
    const elsewhere = join(scratch.store, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'file'), 'wrong');
    const directory = await openDirectory(root, bytes('a/b'));
    renameSync(join(scratch.root, 'a/b'), join(scratch.root, 'a/moved'));
    symlinkSync(elsewhere, join(scratch.root, 'a/b'));
    expect(await readFile(directory.at(bytes('file')), 'utf8')).toBe('right');
    await directory.sync();
    await directory.close();
    await directory.close();
    expect(() => directory.at(bytes('file'))).toThrow('closed');
  });

  it.each(['link', 'link/below', 'file', 'file/below'])('does not walk through %s', async (path) => {
    scratch.write('a/below/x');
    scratch.write('file');
    symlinkSync('a', join(scratch.root, 'link'));
    const refused = openDirectory(root, bytes(path));
    await expect(refused).rejects.toEqual(coded('PARENT_NOT_A_DIRECTORY'));
    await expect(refused).rejects.toBeInstanceOf(Refused);
  });

  it('makes missing directories on request, 0755 whatever the umask, else reports them missing', async () => {
    await expect(openDirectory(root, bytes('x/y'))).rejects.toEqual(coded('ENOENT'));
    const before = process.umask(0o077);
    try {
      await (await openDirectory(root, bytes('x/y'), { create: true })).close();
    } finally {
      process.umask(before);
    }
    expect(lstatSync(join(scratch.root, 'x/y')).mode & 0o777).toBe(0o755);
    await (await openDirectory(root, bytes('x/y'), { create: true })).close();
  });

  it('makes and protects directories; only our own change makes one writable, and only that one', async () => {
    const modes = (...paths: string[]): string[] =>
      paths.map((path) => (lstatSync(join(scratch.root, path)).mode & 0o777).toString(8));
    for (const path of [dirname(scratch.root), scratch.root]) if (asRoot) chownSync(path, 65534, 65534);
    if (asRoot) process.seteuid!(65534); // permissions do not restrict root
    try {
      mkdirSync(join(scratch.root, 'bag'));
      const first = await openDirectory(root, bytes('bag/data/x'), { create: true, protect: true });
      await (await openDirectory(root, bytes('bag/data/y'), { create: true, protect: true })).close();
      expect(modes('bag', 'bag/data', 'bag/data/x', 'bag/data/y')).toEqual(['555', '555', '555', '555']);
      expect(modes('')).toEqual(['755']);
      await expect(writeFile(first.at(bytes('file')), 'not ours')).rejects.toEqual(coded('EACCES'));
      first.change(() => writeFileSync(first.at(bytes('file')), 'ours'));
      expect(() =>
        first.change(() => {
          throw new Error('it fails');
        }),
      ).toThrow('it fails');
      expect([modes('bag/data/x'), readFileSync(join(scratch.root, 'bag/data/x/file'), 'utf8')]).toEqual([
        ['555'],
        'ours',
      ]);
      await first.close();
      const plain = await openDirectory(root, bytes('plain'), { create: true });
      plain.change(() => mkdirSync(plain.at(bytes('inner'))));
      await plain.close();
      expect(modes('plain')).toEqual(['755']);
    } finally {
      if (asRoot) process.seteuid!(0);
    }
  });

  it('opens the root itself, and refuses names with a slash', async () => {
    const directory = await openDirectory(root, Buffer.alloc(0));
    expect(() => directory.at(bytes('a/b'))).toThrow(coded('PATH_NOT_ALLOWED') as Error);
    expect(() => directory.at(bytes('..'))).toThrow(coded('PATH_NOT_ALLOWED') as Error);
    await directory.close();
  });

  it('is refused when the root is unavailable', async () => {
    rmSync(join(scratch.root, markerName));
    await expect(openDirectory(root, bytes('x'), { create: true })).rejects.toEqual(coded('ROOT_UNAVAILABLE'));
    expect(readdirSync(scratch.root)).toEqual([]);
  });
});

describe('rename', () => {
  const at = (name: string): Buffer => bytes(join(scratch.root, name));

  it('swaps two names', async () => {
    scratch.write('one', '1');
    symlinkSync('somewhere', join(scratch.root, 'other'));
    await renameExchange(at('one'), at('other'));
    expect(isSymlink((await identify(at('one')))!)).toBe(true);
    expect(readFileSync(join(scratch.root, 'other'), 'utf8')).toBe('1');
    await expect(renameExchange(at('one'), at('none'))).rejects.toEqual(coded('ENOENT'));
  });

  it('does not replace', async () => {
    scratch.write('one', '1');
    scratch.write('other', '2');
    await expect(renameNoReplace(at('one'), at('other'))).rejects.toEqual(coded('EEXIST'));
    expect(readFileSync(join(scratch.root, 'other'), 'utf8')).toBe('2');
    await renameNoReplace(at('one'), at('new'));
    expect(readFileSync(join(scratch.root, 'new'), 'utf8')).toBe('1');
  });

  it('reports that the system calls the flag invalid', async () => {
    // No file system that lacks the flags is available here; the kernel answers EINVAL to this, too.
    scratch.write('directory/below/file');
    await expect(renameExchange(at('directory'), at('directory/below'))).rejects.toEqual(
      coded('EXCHANGE_NOT_SUPPORTED'),
    );
    await expect(renameNoReplace(at('directory'), at('directory/below/new'))).rejects.toEqual(
      coded('NO_REPLACE_NOT_SUPPORTED'),
    );
  });
});

describe('identify', () => {
  it('is null only for what is not there', async () => {
    scratch.write('file', '12345');
    expect(await identify(join(scratch.root, 'none'))).toBeNull();
    expect(await identify(join(scratch.root, 'file'))).toMatchObject({ size: 5n, links: 1 });
    await expect(identify(join(scratch.root, 'file/below'))).rejects.toEqual(coded('ENOTDIR'));
  });
});

describe('writeOnce', () => {
  it('writes once, accepts the same again, and refuses everything else', async () => {
    const directory = await openDirectory(root, Buffer.alloc(0));
    await writeOnce(directory, bytes('note'), bytes('text'));
    await writeOnce(directory, bytes('note'), bytes('text'));
    await expect(writeOnce(directory, bytes('note'), bytes('next'))).rejects.toEqual(coded('TARGET_EXISTS'));
    symlinkSync('note', join(scratch.root, 'link'));
    mkdirSync(join(scratch.root, 'directory'));
    await expect(writeOnce(directory, bytes('link'), bytes('text'))).rejects.toEqual(coded('TARGET_EXISTS'));
    await expect(writeOnce(directory, bytes('directory'), bytes('text'))).rejects.toEqual(coded('TARGET_EXISTS'));
    expect(readFileSync(join(scratch.root, 'note'), 'utf8')).toBe('text');
    expect(readdirSync(scratch.root).sort()).toEqual([markerName, 'directory', 'link', 'note']); // no leftovers
    expect(lstatSync(join(scratch.root, 'note')).mode & 0o777).toBe(0o444);
    await directory.close();
  });

  it('leaves what others wrote beside it', async () => {
    await writeFile(join(scratch.root, 'other'), 'x');
    const directory = await openDirectory(root, Buffer.alloc(0));
    await expect(writeOnce(directory, bytes('a/b'), bytes('text'))).rejects.toEqual(coded('PATH_NOT_ALLOWED'));
    expect(readdirSync(scratch.root).sort()).toEqual([markerName, 'other']);
    await directory.close();
  });
});
