import type { Identity } from '../model';
import { reasonsToKeepSource, type ImportFile, type InOmero, type SourcePolicy } from './source';
import { importStates } from './states';

const identity: Identity = {
  dev: 64n,
  ino: 4711n,
  size: 1000n,
  mtimeNs: 1_700_000_000_000_000_001n,
  ctimeNs: 1_700_000_000_000_000_002n,
  links: 1,
  mode: 0o100644,
  uid: 1000,
  gid: 1000,
};
const file: ImportFile = { state: 'done', transfer: 'upload', size: 1000n, sha256: 'ab'.repeat(32), identity };
const inOmero: InOmero = {
  size: 1000n,
  sha256: 'ab'.repeat(32),
  file: { dev: 65n, ino: 12n, links: 1 },
  linked: false,
  images: 1,
};
const day = 86_400_000;
const policy: SourcePolicy = { removeAfterMs: 60 * day, provenForMs: 60 * day, stopped: false, orderProven: true };

interface Facts {
  readonly file?: Partial<ImportFile>;
  readonly onDisk?: Partial<Identity> | null;
  readonly inOmero?: Partial<InOmero> | null;
  readonly policy?: Partial<SourcePolicy>;
}

const codes = (facts: Facts = {}): readonly string[] =>
  reasonsToKeepSource(
    { ...file, ...facts.file },
    facts.onDisk === null ? null : { ...identity, ...facts.onDisk },
    facts.inOmero === null ? undefined : { ...inOmero, ...facts.inOmero },
    { ...policy, ...facts.policy },
  ).map(({ code }) => code);

describe('reasonsToKeepSource', () => {
  it.each<[string, Facts]>([
    ['a copy of its own in OMERO', {}],
    [
      'a second name of the same file in OMERO',
      { file: { transfer: 'ln' }, inOmero: { file: { ...identity, links: 2 } } },
    ],
    ['that may be removed at once', { policy: { removeAfterMs: 0, provenForMs: 0 } }],
  ])('returns none for a source with %s', (_, facts) => expect(codes(facts)).toEqual([]));

  it.each<[string, Facts]>([
    ['STOPPED', { policy: { stopped: true } }],
    ['NEVER_REMOVED', { policy: { removeAfterMs: null } }],
    ['TOO_EARLY', { policy: { provenForMs: 60 * day - 1 } }],
    ['ORDER_NOT_PROVEN', { policy: { orderProven: false } }],
    ['SOURCE_IN_USE', { file: { transfer: 'ln_s' } }],
    ['SOURCE_IN_USE', { inOmero: { linked: true } }],
    ['SOURCE_IN_USE', { inOmero: { file: { ...identity, links: 1 } } }], // the buffer is mounted twice
    ['SOURCE_GONE', { onDisk: null }],
    ['SOURCE_CHANGED', { onDisk: { dev: 66n } }],
    ['SOURCE_CHANGED', { onDisk: { ino: 4712n } }],
    ['SOURCE_CHANGED', { onDisk: { mtimeNs: identity.mtimeNs + 1n } }],
    ['SOURCE_CHANGED', { onDisk: { ctimeNs: identity.ctimeNs + 1n } }],
    ['SOURCE_CHANGED', { onDisk: { size: 1001n } }],
    ['NOT_IN_OMERO', { inOmero: null }],
    ['NO_IMAGE', { inOmero: { images: 0 } }],
    ['SIZE_DIFFERS', { inOmero: { size: 999n } }],
    ['CONTENT_DIFFERS', { inOmero: { sha256: 'cd'.repeat(32) } }],
    ['CONTENT_DIFFERS', { inOmero: { sha256: null } }],
    ['NOT_READABLE', { inOmero: { file: null } }],
    ...importStates
      .filter((state) => state !== 'done')
      .map((state): [string, Facts] => ['WRONG_STATE', { file: { state } }]),
  ])('returns %s, and nothing else, for %j', (code, facts) => expect(codes(facts)).toEqual([code]));

  it('takes a missing SHA-256 for no proof, even if OMERO has none either', () => {
    expect(codes({ file: { sha256: null }, inOmero: { sha256: null } })).toEqual(['NO_DIGEST', 'CONTENT_DIFFERS']);
  });
});
