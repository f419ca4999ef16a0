import { Refused } from '@coldroom/domain';
import { checkPath, displayPath, splitPath } from './path';

describe('checkPath', () => {
  it.each(['a', 'a/b c/d', '-rf', '...', '..a/.b', 'a\nb', 'x'.repeat(255), 'ä/ö', '.hidden'])('allows %j', (path) => {
    expect(() => checkPath(Buffer.from(path))).not.toThrow();
  });

  it.each([
    ['', 'empty'],
    ['/a', 'relative'],
    ['a//b', 'empty component'],
    ['a/', 'empty component'],
    ['.', '"."'],
    ['a/../b', '".."'],
    ['..', '".."'],
    ['a/./b', '"."'],
    ['a\0b', 'NUL'],
    ['x'.repeat(256), '255'],
    [`a/${'ä'.repeat(128)}`, '255'],
  ])('refuses %j: %s', (path, fault) => {
    const refused = (): void => checkPath(Buffer.from(path));
    expect(refused).toThrow(Refused);
    expect(refused).toThrow(
      expect.objectContaining({ code: 'PATH_NOT_ALLOWED', message: expect.stringContaining(fault) }),
    );
  });

  it('leaves bytes that are not valid text unchanged', () => {
    const path = Buffer.from([0x61, 0xff, 0x2f, 0xfe]);
    expect(splitPath(path)).toEqual([Buffer.from([0x61, 0xff]), Buffer.from([0xfe])]);
  });
});

describe('displayPath', () => {
  it.each([
    ['plain ä/ö 日本 🧬', 'plain ä/ö 日本 🧬'],
    ['back\\slash', 'back\\slash'],
    ['new\nline\tand\x1b[31m', 'new\\x0aline\\x09and\\x1b[31m'],
    ['\u0085\u2028', '\\xc2\\x85\\xe2\\x80\\xa8'],
  ])('shows %j as %j', (path, shown) => expect(displayPath(Buffer.from(path))).toBe(shown));

  it('escapes invalid bytes only', () => {
    expect(displayPath(Buffer.concat([Buffer.from('ä'), Buffer.of(0xff, 0xc3), Buffer.from('z\n')]))).toBe(
      'ä\\xff\\xc3z\\x0a',
    );
  });
});
