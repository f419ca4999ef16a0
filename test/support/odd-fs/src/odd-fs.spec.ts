import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeOddFs, OddFs } from './odd-fs';
import type { Oddities } from './oddities';

describeOddFs('odd-fs', () => {
  let top: string;
  let fs: OddFs;
  const at = (name: string): string => join(fs.mountPoint, name);
  const codeOf = (act: () => unknown): string => {
    try {
      act();
      return 'ok';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code as string;
    }
  };

  beforeAll(() => {
    top = mkdtempSync(join(tmpdir(), 'coldroom-odd-'));
    fs = OddFs.mount(join(top, 'mounted'));
  });
  afterAll(() => {
    fs.remove();
    rmSync(top, { recursive: true });
  });
  beforeEach(() => {
    fs.set();
    for (const name of readdirSync(fs.mountPoint)) rmSync(at(name), { recursive: true });
  });

  test('passes through, and an open file stays the same one when it is renamed or removed', () => {
    writeFileSync(at('a'), 'content');
    const fd = openSync(at('a'), 'r+');
    renameSync(at('a'), at('b'));
    writeSync(fd, 'CON', 0);
    expect(readFileSync(join(fs.behind, 'b'), 'utf8')).toBe('CONtent');
    unlinkSync(at('b'));
    expect(readSync(fd, Buffer.alloc(7), 0, 7, 0)).toBe(7);
    closeSync(fd);
    expect(readdirSync(fs.behind)).toEqual([]);
  });

  test('two names of a file have one inode, and at once the right count', () => {
    writeFileSync(at('a'), 'content');
    lstatSync(at('a'));
    linkSync(at('a'), at('b'));
    expect([lstatSync(at('a')).nlink, lstatSync(at('a')).ino]).toEqual([2, lstatSync(at('b')).ino]);
  });

  /** What is done with `a`, a file of 7 bytes, and how it ends. */
  const written = (): void => writeFileSync(at('a'), 'changed');
  const synced = (): void => {
    const fd = openSync(at('a'), 'r+');
    try {
      writeSync(fd, 'changed');
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  };
  const closed = (): void => closeSync(openSync(at('a'), 'r+'));
  test.each<[what: string, oddities: Oddities, act: () => unknown, code: string, then: string]>([
    ['a write fails', { faults: [{ call: 'write', error: 'ENOSPC' }] }, written, 'ENOSPC', 'ENOSPC'],
    ['once', { faults: [{ call: 'write', error: 'EIO', times: 1 }] }, written, 'EIO', 'ok'],
    ['the second time', { faults: [{ call: 'write', error: 'EIO', nth: 2 }] }, written, 'ok', 'EIO'],
    ['on other paths', { faults: [{ call: 'write', error: 'EIO', path: '/b' }] }, written, 'ok', 'ok'],
    ['a sync fails', { faults: [{ call: 'fsync', error: 'EIO' }] }, synced, 'EIO', 'EIO'],
    ['a close fails', { faults: [{ call: 'close', error: 'EIO', times: 1 }] }, closed, 'EIO', 'ok'],
    [
      'a read fails',
      { faults: [{ call: 'read', error: 'ESTALE' }] },
      () => readFileSync(at('a')),
      // Node.js has no name for it.
      'Unknown system error -116',
      'Unknown system error -116',
    ],
    ['it is read-only', { readOnly: true }, written, 'EROFS', 'EROFS'],
    [
      'there are no hard links',
      { faults: [{ call: 'link', error: 'EPERM' }] },
      () => linkSync(at('a'), at('b')),
      'EPERM',
      'EPERM',
    ],
    [
      'a name is too long',
      { longestName: 143 },
      () => writeFileSync(at('x'.repeat(144)), ''),
      'ENAMETOOLONG',
      'ENAMETOOLONG',
    ],
    ['a name is long', { longestName: 143 }, () => writeFileSync(at('x'.repeat(143)), ''), 'ok', 'ok'],
    [
      'a name is no UTF-8',
      { onlyUtf8: true },
      () => writeFileSync(Buffer.from(`${at('b')}\xff`, 'latin1'), ''),
      'EILSEQ',
      'EILSEQ',
    ],
  ])('%s', (_what, oddities, act, code, then) => {
    writeFileSync(at('a'), 'content');
    fs.set(oddities);
    expect([codeOf(act), codeOf(act)]).toEqual([code, then]);
  });

  test('reports the faults that took place', () => {
    writeFileSync(at('a'), 'content');
    fs.set({ faults: [{ call: 'open', error: 'EIO', nth: 2 }] });
    readFileSync(at('a'));
    expect(fs.done()).toEqual([]);
    expect(() => readFileSync(at('a'))).toThrow('EIO');
    expect(fs.done()).toEqual(['open /a']);
  });

  test('a call hangs for the time that is set', () => {
    fs.set({ faults: [{ call: 'create', waitMs: 300, times: 1 }] });
    const start = performance.now();
    writeFileSync(at('a'), '');
    expect(performance.now() - start).toBeGreaterThan(290);
  });

  test('permissions do not change', () => {
    writeFileSync(at('a'), '', { mode: 0o600 });
    fs.set({ chmodIgnored: true });
    chmodSync(at('a'), 0o444);
    expect(lstatSync(at('a')).mode & 0o777).toBe(0o777);
    expect(lstatSync(join(fs.behind, 'a')).mode & 0o777).toBe(0o600);
  });

  test.each([100, 1_000, 1_000_000_000, 2_000_000_000])('times are cut to units of %d ns', (unit) => {
    writeFileSync(at('a'), '');
    fs.set({ timeUnitNs: unit });
    utimesSync(at('a'), 1_000_000_001.123, 1_000_000_001.123_456);
    const { mtimeNs } = lstatSync(at('a'), { bigint: true });
    const set = lstatSync(join(fs.behind, 'a'), { bigint: true }).mtimeNs;
    expect(mtimeNs).toBe(set - (set % BigInt(unit)));
  });

  test.each<[string, Oddities]>([
    ['itself', { oldAttributesMs: 500 }],
    ['the system', { cacheSeconds: 0.5 }],
  ])('attributes of the first name stay old after a hard link, kept by %s', async (_by, oddities) => {
    fs.set(oddities);
    writeFileSync(at('a'), 'content');
    lstatSync(at('a'));
    linkSync(at('a'), at('b'));
    expect([lstatSync(at('a')).nlink, lstatSync(at('b')).nlink]).toEqual([1, 2]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(lstatSync(at('a')).nlink).toBe(2);
  });

  test.each<[NonNullable<Oddities['fold']>, string, string]>([
    ['case', 'Name', 'nAME'],
    ['forms', 'caf\u00e9', 'cafe\u0301'],
  ])('names that differ in %s are one, under its first spelling', (fold, first, second) => {
    fs.set({ fold });
    writeFileSync(at(first), 'first');
    writeFileSync(at(second), 'second');
    expect([readdirSync(fs.mountPoint), readFileSync(at(first), 'utf8')]).toEqual([[first], 'second']);
  });

  test('inode numbers are others after a remount', () => {
    writeFileSync(at('a'), '');
    const before = lstatSync(at('a')).ino;
    fs.unmount();
    expect(existsSync(at('a'))).toBe(false);
    fs.set({ inodeShift: 1000 });
    fs.mountAgain();
    expect(lstatSync(at('a')).ino).toBe(before + 1000);
  });

  test('reads return less than asked for, and all in the end', () => {
    const content = Buffer.alloc(100_000, 'x');
    writeFileSync(at('a'), content);
    fs.set({ shortReads: true });
    const fd = openSync(at('a'), 'r');
    expect(readSync(fd, Buffer.alloc(65_536), 0, 65_536, 0)).toBe(32_768);
    closeSync(fd);
    expect(readFileSync(at('a')).equals(content)).toBe(true);
  });

  test('one bit is wrong in the second read only', () => {
    for (const name of ['a', 'b']) writeFileSync(at(name), 'content');
    fs.set({ flip: { nth: 2, path: '/a' } });
    const thrice = (name: string): string[] => [1, 2, 3].map(() => readFileSync(at(name), 'utf8'));
    expect(thrice('a')).toEqual(['content', 'bontent', 'content']);
    expect(thrice('b')).toEqual(['content', 'content', 'content']);
  });

  test('one bit is wrong in the first file only', () => {
    for (const name of ['a', 'b']) writeFileSync(at(name), 'content');
    fs.set({ flip: { nth: 1, path: '/', files: 1 } });
    expect(['a', 'b', 'a'].map((name) => readFileSync(at(name), 'utf8'))).toEqual(['bontent', 'content', 'content']);
  });

  test('what is removed while it is open gets a hidden name', () => {
    fs.set({ hideRemoved: true });
    writeFileSync(at('a'), '');
    const fd = openSync(at('a'), 'r');
    unlinkSync(at('a'));
    expect(readdirSync(fs.mountPoint)).toEqual([expect.stringMatching(/^\.fuse_hidden/)]);
    closeSync(fd);
  });
});
