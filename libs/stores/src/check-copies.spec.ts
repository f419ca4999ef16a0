import { NotYet, Refused, Transient, type CopyDigest, type Outcome, type Store } from '@coldroom/domain';
import { checkCopies } from './check-copies';
import { inRuns, Pace } from './pace';
import { work } from './testing/conformance';

const sha256 = 'ab'.repeat(32);
const expected = { path: Buffer.from('a'), size: 5n, sha256, version: 'v1', proven: true };
const found = { digests: { 'SHA-256': sha256 }, size: 5n, read: 'direct' as const, version: 'v1' };

async function verdict(outcome: Outcome<CopyDigest>, copy = {}): Promise<unknown> {
  const store = {
    name: 'main',
    acceptedReads: ['direct'],
    digest: () => Promise.resolve([outcome]),
  } as unknown as Store;
  return (await checkCopies(store, 'bag', [{ ...expected, ...copy }], work()))[0];
}

it.each<[string, Outcome<CopyDigest>, object, object]>([
  ['good', { ok: found }, {}, { kind: 'good', read: 'direct' }],
  [
    'never seen before',
    { ok: found },
    { version: null, proven: false },
    { kind: 'good', read: 'direct', proof: { version: 'v1', read: 'direct' } },
  ],
  [
    'never proven',
    { ok: found },
    { proven: false },
    { kind: 'good', read: 'direct', proof: { version: 'v1', read: 'direct' } },
  ],
  [
    'never proven, by a read that proves nothing',
    { ok: { ...found, read: 'cached' as const } },
    { proven: false },
    { kind: 'good', read: 'cached' },
  ],
  [
    'another version, by a read that proves nothing',
    { ok: { ...found, read: 'cached' as const, version: 'v2' } },
    {},
    { kind: 'bad', code: 'COPY_CHANGED' },
  ],
  ['of another size', { ok: { ...found, size: 4n } }, {}, { kind: 'bad', code: 'COPY_SIZE' }],
  [
    'other bytes',
    { ok: { ...found, digests: { 'SHA-256': 'cd'.repeat(32) } } },
    {},
    { kind: 'bad', code: 'COPY_DIFFERS' },
  ],
  [
    'another version',
    { ok: { ...found, version: 'v2' } },
    {},
    { kind: 'bad', code: 'COPY_CHANGED', right: { version: 'v2', read: 'direct' } },
  ],
  [
    'other bytes and another version',
    { ok: { ...found, version: 'v2', digests: { 'SHA-256': 'cd'.repeat(32) } } },
    {},
    { kind: 'bad', code: 'COPY_DIFFERS' },
  ],
  ['without a digest to compare with', { ok: found }, { sha256: null }, { kind: 'unread', code: 'NO_DIGEST' }],
  ['missing', { error: new Refused('COPY_MISSING', 'gone') }, {}, { kind: 'bad', code: 'COPY_MISSING' }],
  ['offline', { error: new NotYet('COPY_OFFLINE', 'on tape') }, {}, { kind: 'offline' }],
  ['not readable', { error: new Refused('ACCESS_DENIED', 'no right') }, {}, { kind: 'unread', code: 'ACCESS_DENIED' }],
  ['on a failing disk', { error: new Transient('READ_FAILED', 'EIO') }, {}, { kind: 'unread', code: 'READ_FAILED' }],
  ['away', { error: new Transient('COPY_MISSING', 'odd') }, {}, { kind: 'unread' }],
])('classifies a copy that is %s', async (_what, outcome, copy, wanted) => {
  expect(await verdict(outcome, copy)).toEqual({
    ...('kind' in wanted && wanted.kind !== 'good' && wanted.kind !== 'offline'
      ? { code: expect.any(String), reason: expect.any(String) }
      : {}),
    ...wanted,
  });
});

it('reads in runs, at a limited rate', async () => {
  const items = [3n, 3n, 9n, 1n, 1n].map((size) => ({ size }));
  expect([...inRuns(items, 6n)].map((run) => run.length)).toEqual([2, 1, 2]);
  expect([...inRuns([], 6n)]).toEqual([]);
  const pace = new Pace(1_000_000);
  const start = performance.now();
  for (let times = 0; times < 4; times += 1) await pace.after(50_000n);
  expect(performance.now() - start).toBeGreaterThan(140);
  expect(performance.now() - start).toBeLessThan(600);
  await new Pace(Infinity).after(1n << 60n);
});
