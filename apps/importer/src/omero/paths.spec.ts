import { clientPathOf } from './client-path';
import { pathLines } from './paths';

test('quotes, dashes, hashes and letters of any language go to the importer as they are', () => {
  const paths = ['/in/-f', `/in/it's "x".tif`, '/in/#1 ä', '/in/a\\b', '/in/u\u0308'];
  expect(pathLines(paths.map((path) => Buffer.from(path))).toString()).toBe(`${paths.join('\n')}\n`);
});

test.each([
  ['a line break', '/in/a\nb'],
  ['a carriage return', '/in/a\rb'],
  ['a blank at its end', '/in/a '],
  ['a no-break space at its end', '/in/a\u00a0'],
  ['bytes that are not UTF-8', Buffer.from([0x2f, 0xe4])],
])('a name with %s is refused, with the name quoted', (_what, path) => {
  const refusal = { kind: 'refused', code: 'IMPORT_NAME_NOT_POSSIBLE', message: expect.stringContaining('name "/') };
  expect(() => pathLines([Buffer.from('/in/b'), Buffer.from(path)])).toThrow(expect.objectContaining(refusal));
});

test('a path that may be read as an option, and no path at all, are errors of the caller', () => {
  expect(() => pathLines([Buffer.from('-f')])).toThrow(RangeError);
  expect(() => pathLines([])).toThrow(RangeError);
});

test('the client path is as OMERO records it', () => {
  expect(clientPathOf('/in/a:b "c"/x?y*<z>|\\\u0007.tif')).toBe("in/a;b 'c'/x%yx[z]!!_.tif");
});
