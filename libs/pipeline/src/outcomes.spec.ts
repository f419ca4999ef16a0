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
  test('a refused file is stuck with code and reason, one whose trouble may pass stays, the others go on', () => {
    expect(toTransitions(files, [ok, failed(gone), failed(busy)], judge)).toEqual({
      transitions: [
        { id: 1n, event: 'hash', from: 'approved', to: 'hashed' },
        { id: 2n, event: 'fail', from: 'approved', to: 'stuck', code: 'SOURCE_MISSING', reason: 'it does not exist' },
      ],
    });
  });

  test('where nothing moved, the trouble comes through: it has to count as an attempt', () => {
    const other = new Transient('READ_FAILED', 'another');
    expect(() => toTransitions(files, [failed(busy), failed(other), failed(busy)], judge)).toThrow(busy);
  });

  test('one that it is too early for stays, and the others go on', () => {
    const early = new NotYet('COPY_OFFLINE', 'it is on tape');
    expect(toTransitions(files, [ok, failed(early), failed(early)], judge)).toEqual({
      transitions: [{ id: 1n, event: 'hash', from: 'approved', to: 'hashed' }],
    });
    expect(() => toTransitions(files, [failed(early), failed(early), failed(early)], judge)).toThrow(early);
  });

  test('where nothing moved, trouble comes before what it is too early for: an attempt counts and ends', () => {
    expect(() =>
      toTransitions(files, [failed(new NotYet('COPY_OFFLINE', 'it is on tape')), failed(busy), failed(busy)], judge),
    ).toThrow(busy);
  });

  test('a lost claim ends all: nothing of the batch is recorded', () => {
    const lost = new Transient('CLAIM_LOST', 'somebody else has it');
    expect(() => toTransitions(files, [ok, ok, failed(lost)], judge)).toThrow(lost);
  });

  test('fewer answers than files are an error, not a success of the rest', () => {
    expect(() => toTransitions(files, [ok, ok], judge)).toThrow('no answer for file 3');
  });
});
