import { Refused, Transient } from '@coldroom/domain';
import type { ClosureFile } from '@coldroom/omero';
import { verdictOn } from './verdict';

const file: ClosureFile = {
  component: 'Fileset:1',
  root: 'ManagedRepository',
  path: Buffer.from('a/b.tif'),
  size: 5n,
  hash: null,
  originalFileId: 2n,
  pixelsId: null,
  role: 'original',
  mandatory: true,
};
const identity = { dev: 1n, ino: 2n, size: 5n, mtimeNs: 3n, ctimeNs: 4n, links: 1, mode: 0o100644, uid: 1, gid: 1 };
const found = { kind: 'file', identity, blocks: 8n } as const;

describe('a verdict', () => {
  test('a failed look-up proves nothing: it is thrown, not recorded as a reason to skip', () => {
    const stale = new Transient('READ_FAILED', '"a/b.tif" could not be read (ESTALE)');
    expect(() => verdictOn(file, { kind: 'refused', error: stale })).toThrow(stale);
    expect(() => verdictOn({ ...file, mandatory: false }, { kind: 'refused', error: stale })).toThrow(stale);
  });

  test('what is refused keeps its own code and message', () => {
    const error = new Refused('ACCESS_DENIED', '"a/b.tif" cannot be read (EACCES)');
    expect(verdictOn(file, { kind: 'refused', error })).toEqual({
      skip: { code: 'ACCESS_DENIED', reason: '"a/b.tif" cannot be read (EACCES)' },
    });
  });

  test('only a file that need not exist may be missing without a message', () => {
    expect(verdictOn({ ...file, mandatory: false }, { kind: 'missing' })).toBeUndefined();
    expect(verdictOn(file, { kind: 'missing' })).toMatchObject({ skip: { code: 'MISSING' } });
  });

  test('the inspected file is the accepted one; a size that OMERO does not know is no fault', () => {
    expect(verdictOn(file, found)).toEqual({ take: identity });
    expect(verdictOn({ ...file, size: null }, found)).toEqual({ take: identity });
    expect(verdictOn({ ...file, size: 0n }, found)).toMatchObject({ skip: { code: 'SIZE_DIFFERS' } });
  });
});
