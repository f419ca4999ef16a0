import { randomInt } from 'node:crypto';
import { Keys, earlierStoredName, keyIn, pathOf, storedName } from './keys';

it.each([
  ['a/b c/ü 日本 \u{1f52c}.tif', 'a/b c/ü 日本 \u{1f52c}.tif', undefined],
  ["safe !-_.*'()&$@=;:+,?", "safe !-_.*'()&$@=;:+,?", undefined],
  ['100%.tif', '100%25.tif', '100%.tif'],
  ['100%25', '100%2525', undefined],
  ['%zz%4', '%25zz%254', '%zz%4'],
  ['new\nline\r\t', 'new%0Aline%0D%09', undefined],
  ['next\u0085line', 'next%C2%85line', 'next\u0085line'],
  ['back\\slash & <tag>', 'back%5Cslash & %3Ctag%3E', 'back\\slash & <tag>'],
  ['#1 [a]{b}~^`|"', '%231 %5Ba%5D%7Bb%7D%7E%5E%60%7C%22', '#1 [a]{b}~^`|"'],
])('stores %j as %j, and earlier as %j where that differs', (path, name, earlier) => {
  expect(storedName(Buffer.from(path))).toBe(name);
  expect(earlierStoredName(Buffer.from(path))).toBe(earlier ?? name);
  for (const each of [name, earlier ?? name]) expect(pathOf(each).toString()).toBe(path);
  expect(new Keys('a').copy('bag-1', Buffer.from(path))).toEqual({
    key: `a/bag-1/data/${name}`,
    earlierKey: earlier === undefined ? undefined : `a/bag-1/data/${earlier}`,
  });
});

it('stores bytes that are not UTF-8, and keeps all names distinct, by both rules together', () => {
  expect(storedName(Buffer.from([0x66, 0xff, 0x25, 0x46, 0xc3]))).toBe('f%FF%25F%C3');
  expect(earlierStoredName(Buffer.from([0x66, 0xff, 0x25, 0x46, 0xc3]))).toBe('f%FF%F%C3');
  const alphabet = [0x25, 0x25, 0x32, 0x35, 0x46, 0x61, 0x0a, 0xff, 0xc3, 0xbc, 0x2f, 0x5c, 0x43];
  const paths = new Map<string, string>();
  for (let tries = 0; tries < 20_000; tries++) {
    const path = Buffer.from(Array.from({ length: randomInt(1, 7) }, () => alphabet[randomInt(alphabet.length)]!));
    for (const name of [storedName(path), earlierStoredName(path)]) {
      expect(pathOf(name).equals(path)).toBe(true);
      expect(paths.get(name) ?? path.toString('hex')).toBe(path.toString('hex'));
      paths.set(name, path.toString('hex'));
    }
  }
});

it('finds the key of an earlier bag only where there is no other', () => {
  const copy = { key: 'new', earlierKey: 'earlier' };
  expect(keyIn(new Set(['earlier', 'x']), copy)).toBe('earlier');
  expect(keyIn(new Set(['earlier', 'new']), copy)).toBe('new');
  expect(keyIn(new Set([]), copy)).toBe('new');
});

it('places bags below the prefix', () => {
  expect(new Keys('a/b').copy('bag-1', Buffer.from('x/y')).key).toBe('a/b/bag-1/data/x/y');
  expect(new Keys('').seal('bag-1')).toBe('bag-1/tagmanifest-sha256.txt');
  expect(() => new Keys('').bag('../x')).toThrow(expect.objectContaining({ code: 'BAG_NAME_NOT_ALLOWED' }));
});
