import { randomInt } from 'node:crypto';
import { Keys, pathOf, storedName } from './keys';

it.each([
  ['a/b c/ü 日本 \u{1f52c}.tif', 'a/b c/ü 日本 \u{1f52c}.tif'],
  ['100%.tif', '100%.tif'],
  ['100%25', '100%2525'],
  ['%zz%4', '%zz%4'],
  ['new\nline\r\t', 'new%0Aline%0D%09'],
  ['back\\slash & <tag>', 'back\\slash & <tag>'],
])('stores %j as %j', (path, name) => {
  expect(storedName(Buffer.from(path))).toBe(name);
  expect(pathOf(name).toString()).toBe(path);
});

it('stores bytes that are not UTF-8, and keeps all names distinct', () => {
  expect(storedName(Buffer.from([0x66, 0xff, 0x25, 0x46, 0xc3]))).toBe('f%FF%F%C3');
  const alphabet = [0x25, 0x25, 0x32, 0x35, 0x46, 0x61, 0x0a, 0xff, 0xc3, 0xbc, 0x2f];
  const names = new Map<string, string>();
  for (let tries = 0; tries < 20_000; tries++) {
    const path = Buffer.from(Array.from({ length: randomInt(1, 7) }, () => alphabet[randomInt(alphabet.length)]!));
    const name = storedName(path);
    expect(pathOf(name).equals(path)).toBe(true);
    expect(names.get(name) ?? path.toString('hex')).toBe(path.toString('hex'));
    names.set(name, path.toString('hex'));
  }
});

it('places bags below the prefix', () => {
  expect(new Keys('a/b').copy('bag-1', Buffer.from('x/y'))).toBe('a/b/bag-1/data/x/y');
  expect(new Keys('').seal('bag-1')).toBe('bag-1/tagmanifest-sha256.txt');
  expect(() => new Keys('').bag('../x')).toThrow(expect.objectContaining({ code: 'BAG_NAME_NOT_ALLOWED' }));
});
