import { copyPath, unseen, type CopyStatus } from '@coldroom/domain';
import type { AuditedFile } from '@coldroom/register';
import type { Seen } from './finding';
import { judge, needsOmero } from './judge';

const file: AuditedFile = {
  id: 12n,
  requestId: 1n,
  bagId: 3n,
  bag: 'bag',
  store: 'main',
  fileset: 'Fileset:9',
  root: 'ManagedRepository',
  path: Buffer.from('a/b'),
  display: 'a/b',
  size: 10n,
  state: 'released',
  stand: 'released',
  code: null,
  omeroHash: null,
  originalFileId: 5n,
  pixelsId: null,
  identity: unseen,
  digests: {},
  copyVersion: 'v1',
  copyRead: 'direct',
  copyDigest: null,
  copyAttempts: 0,
  linkedAt: null,
  retrieval: null,
  fetched: null,
  onlineUntil: null,
  isOnline: false,
  copyFault: null,
  takenOver: false,
  turn: '',
};
const linkTarget = (bag: string, path: Buffer): Buffer => Buffer.concat([Buffer.from(`/store/${bag}/`), path]);
const store = { name: 'main', linkTarget, recallRoot: undefined };
const copy: CopyStatus = { size: 10n, version: 'v1', durable: 'yes', replicationState: 'sealed', writable: 'no' };
const at = { kind: 'link', target: linkTarget('bag', copyPath(file)) } as const;
const well: Seen = {
  at,
  store,
  copy,
  reached: { kind: 'file', size: 10n },
  omero: { exists: true, size: 10n, imageExists: true },
};
const recalling = { ...store, recallRoot: '/recall' };
const codes = (change: Partial<AuditedFile>, seen: Seen): readonly string[] =>
  judge({ ...file, ...change }, seen).map(({ code }) => code);

it('finds nothing where all is well', () => expect(codes({}, well)).toEqual([]));
it('finds nothing where nothing could be examined', () => expect(codes({}, {})).toEqual([]));

it.each<[what: string, change: Partial<AuditedFile>, seen: Seen]>([
  ['a store that gave no answer', {}, { ...well, copy: 'unseen', reached: { kind: 'nowhere' } }],
  ['a path that could not be looked at', {}, { ...well, at: { kind: 'unseen', error: new Error() } }],
  ['a link target that could not be looked at', {}, { ...well, reached: { kind: 'unseen', error: new Error() } }],
  [
    'a link into a store that the settings do not name',
    {},
    { ...well, store: undefined, at: { kind: 'link', target: Buffer.from('/x') } },
  ],
  ['a link into a recall directory, without a recall', {}, { ...well, store: recalling, reached: { kind: 'nowhere' } }],
  [
    'a recalled copy whose time is over',
    { stand: 'recalled', isOnline: false },
    { ...well, store: recalling, reached: { kind: 'nowhere' } },
  ],
  [
    'a link that OMERO removed with its image',
    {},
    { ...well, at: { kind: 'missing' }, omero: { exists: false, size: null, imageExists: false } },
  ],
  [
    'a restored file that the register does not know of yet',
    { stand: 'fetchVerified', retrieval: 'restore' },
    { ...well, at: { kind: 'file', size: 10n } },
  ],
  [
    'a given-back original, while OMERO is unavailable',
    { stand: 'undone' },
    { ...well, at: { kind: 'missing' }, omero: undefined },
  ],
  [
    'a given-back original that OMERO deleted',
    { stand: 'undone' },
    { ...well, at: { kind: 'missing' }, omero: { exists: false, size: null, imageExists: false } },
  ],
  ['a given-back original whose path a later request has', { stand: 'undone', takenOver: true }, { ...well, at }],
  ['what is being put back', { stand: 'undoing' }, { ...well, at: { kind: 'missing' }, copy: 'missing' }],
])('concludes nothing from %s', (_what, change, seen) => expect(codes(change, seen)).toEqual([]));

it.each<[code: string, change: Partial<AuditedFile>, seen: Seen]>([
  ['LOST', {}, { ...well, copy: 'missing', reached: { kind: 'nowhere' } }],
  ['LOST', { stand: 'sealed' }, { copy: 'missing' }],
  ['COPY_CHANGED', {}, { ...well, copy: 'other' }],
  ['COPY_CHANGED', { copyVersion: null }, well],
  ['COPY_BAD', { copyFault: 'COPY_DIFFERS' }, well],
  ['COPY_BAD', { copyFault: 'COPY_DIFFERS' }, {}], // known, whatever can be examined now
  ['LOST', { copyFault: 'COPY_DIFFERS' }, { ...well, copy: 'missing', reached: { kind: 'nowhere' } }],
  ['DANGLING', {}, { ...well, reached: { kind: 'other' } }],
  ['DANGLING', { stand: 'recalled', isOnline: true }, { ...well, store: recalling, reached: { kind: 'nowhere' } }],
  [
    'RECALLED_COPY_CHANGED',
    { stand: 'recalled', isOnline: true },
    { ...well, store: recalling, reached: { kind: 'file', size: 9n } },
  ],
  ['LINK_MISSING', {}, { ...well, at: { kind: 'missing' }, omero: undefined }],
  ['NOT_A_LINK', {}, { ...well, at: { kind: 'blocked' } }],
  ['NOT_A_LINK', {}, { ...well, at: { kind: 'file', size: 9n } }],
  ['ORIGINAL_BACK', { retrieval: 'recall' }, { ...well, at: { kind: 'file', size: 10n } }],
  [
    'ORIGINAL_WRONG',
    { stand: 'restored' },
    { ...well, at: { kind: 'file', size: 10n }, omero: { exists: true, size: 11n, imageExists: true } },
  ],
  ['ORIGINAL_WRONG', { stand: 'restored' }, well],
])('%s', (code, change, seen) => expect(codes(change, seen)).toEqual([code]));

it('suggests an undo only if the original is known to be held', () => {
  const lost = (held: boolean | undefined): string => judge(file, { ...well, copy: 'missing', held })[0]!.remedy;
  const bad = (held: boolean | undefined): string =>
    judge({ ...file, copyFault: 'COPY_DIFFERS' }, { ...well, held })[0]!.remedy;
  for (const remedy of [lost, bad]) {
    expect(remedy(true)).toContain('coldroom undo Fileset:9');
    for (const held of [false, undefined]) expect(remedy(held)).not.toContain('undo');
  }
  expect(bad(false)).toContain('coldroom verify File:12');
});

it('needs OMERO only for given-back originals that are not as they were', () => {
  const asks = (seen: Seen, change: Partial<AuditedFile> = { stand: 'undone' }): boolean =>
    needsOmero({ ...file, ...change }, seen);
  expect([
    asks({ at: { kind: 'missing' } }),
    asks({ at: { kind: 'file', size: 10n } }),
    asks({ at: { kind: 'missing' } }, {}),
    asks({}),
  ]).toEqual([true, false, false, false]);
});
