import { NotYet, Refused, Transient, type ArchiveFile, type ColdroomError, type Outcome } from '@coldroom/domain';
import { toTransitions } from './outcomes';
import { transition } from './stage';

const file = (id: bigint): ArchiveFile => ({
  id,
  requestId: 1n,
  bagId: 2n,
  fileset: 'Fileset:3',
  root: 'ManagedRepository',
  path: Buffer.from(`${id}`),
  size: 1n,
  state: 'approved',
  omeroHash: null,
  originalFileId: null,
  pixelsId: null,
  digests: {},
  copyVersion: null,
  copyDigest: null,
  copyRead: null,
  copyAttempts: 0,
  linkedAt: null,
  retrieval: null,
  fetched: null,
  onlineUntil: null,
  identity: { dev: 1n, ino: id, size: 1n, mtimeNs: 1n, ctimeNs: 1n, links: 1, mode: 0o100644, uid: 1, gid: 1 },
});
const files = [file(1n), file(2n), file(3n)] as const;
const ok: Outcome<string> = { ok: 'fine' };
const failed = (error: ColdroomError): Outcome<string> => ({ error });
const busy = new Transient('READ_FAILED', 'the disk stutters');
const gone = new Refused('SOURCE_MISSING', 'it does not exist');
const judge = (each: ArchiveFile): ReturnType<typeof transition> => transition(each, 'hash', 'hashed');

describe('moveSeal', () => {
  test('a refused file is stuck with its code and reason, a transient one stays, others continue', () => {
    expect(toTransitions(files, [ok, failed(gone), failed(busy)], judge)).toEqual({
      transitions: [
        { id: 1n, event: 'hash', from: 'approved', to: 'hashed' },
        { id: 2n, event: 'fail', from: 'approved', to: 'stuck', code: 'SOURCE_MISSING', reason: 'it does not exist' },
      ],
    });
  });

  describe('where a store fails on a file', () => {
    const cut = new Transient('COPY_CUT_SHORT', 'The store holds none of its bytes.');
    const again = { ...files[2], failedWith: 'COPY_CUT_SHORT' };

    test('while others advance, the failure is recorded', () => {
      expect(toTransitions(files, [ok, ok, failed(cut)], judge)).toMatchObject({
        transitions: [{ id: 1n }, { id: 2n }],
        failed: [{ id: 3n, code: 'COPY_CUT_SHORT', reason: 'The store holds none of its bytes.' }],
      });
    });

    test('in the same way for the second time, the file is stuck, alone', () => {
      expect(toTransitions([again], [failed(cut)], judge)).toEqual({
        transitions: [
          {
            id: 3n,
            event: 'fail',
            from: 'approved',
            to: 'stuck',
            code: 'COPY_CUT_SHORT',
            reason:
              'The store holds none of its bytes. It failed twice in this way while the store took other files of the bag.',
          },
        ],
      });
    });

    test('in another way, or where nothing advanced, it is tried again', () => {
      expect(() => toTransitions([again], [failed(new Transient('WRITE_FAILED', 'x'))], judge)).toThrow('x');
      expect(() => toTransitions(files, [failed(cut), failed(cut), failed(cut)], judge)).toThrow(cut);
      expect(toTransitions(files, [failed(gone), failed(gone), failed(cut)], judge)).not.toHaveProperty('failed');
    });

    test('a failure that is not of the store is tried until the attempts are used up', () => {
      expect(toTransitions(files, [ok, ok, failed(busy)], judge)).not.toHaveProperty('failed');
      expect(() => toTransitions([{ ...again, failedWith: 'READ_FAILED' }], [failed(busy)], judge)).toThrow(busy);
    });
  });

  test('where nothing advanced, the error is thrown: it must count as an attempt', () => {
    const other = new Transient('READ_FAILED', 'another');
    expect(() => toTransitions(files, [failed(busy), failed(other), failed(busy)], judge)).toThrow(busy);
  });

  test('a file that is not ready stays, and the others continue', () => {
    const early = new NotYet('COPY_OFFLINE', 'it is on tape');
    expect(toTransitions(files, [ok, failed(early), failed(early)], judge)).toEqual({
      transitions: [{ id: 1n, event: 'hash', from: 'approved', to: 'hashed' }],
    });
    expect(() => toTransitions(files, [failed(early), failed(early), failed(early)], judge)).toThrow(early);
  });

  test('where nothing advanced, a Transient precedes a NotYet: attempts are counted and limited', () => {
    expect(() =>
      toTransitions(files, [failed(new NotYet('COPY_OFFLINE', 'it is on tape')), failed(busy), failed(busy)], judge),
    ).toThrow(busy);
  });

  test('a lost claim ends everything: nothing of the batch is recorded', () => {
    const lost = new Transient('CLAIM_LOST', 'another worker has it');
    expect(() => toTransitions(files, [ok, ok, failed(lost)], judge)).toThrow(lost);
  });

  test('fewer answers than files are an error, not a success of the rest', () => {
    expect(() => toTransitions(files, [ok, ok], judge)).toThrow('no answer for file 3');
  });
});
