import type { CheckedCopy, CopyFilter } from './checked-copies';
import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, claimed, transitionOf, passed, running, stage } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const sha = 'ab'.repeat(32);

/** A bag whose copies were proven, brought to `until`. */
async function archived(
  sizes: readonly bigint[],
  until: 'sealed' | 'linked' = 'linked',
  fileset = 'Fileset:1',
): Promise<bigint> {
  const before = new Set(await bagsOf(place.register));
  await running(place.register, { [fileset]: sizes });
  const bag = (await bagsOf(place.register)).find((id) => !before.has(id))!;
  await brought(place.register, bag, 'copied');
  const claim = await claimed(place.register, bag, 'copied');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => ({
      ...transitionOf(file, 'verify'),
      digests: { 'SHA-256': sha },
      copyVersion: 'v1',
      copyDigest: sha,
      copyRead: 'direct',
    })),
    stage,
  );
  for (const state of ['verified', 'sealed'] as const) if (state !== until) await passed(place.register, bag, state);
  return bag;
}

async function all(filter: CopyFilter = {}): Promise<readonly CheckedCopy[]> {
  const found: CheckedCopy[] = [];
  for await (const copies of place.register.fixity.bags(filter)) found.push(...copies);
  return found;
}

const age = (days: number): Promise<unknown> =>
  place.sql.query(`UPDATE file SET copy_checked_at = now() - $1 * interval '1 day'`, [days]);
const row = async (id: bigint): Promise<Record<string, unknown>> =>
  (await place.sql.query('SELECT * FROM file WHERE id = $1', [id])).rows[0];
const day = 86_400_000;

it('counts what archived images depend on, and nothing else', async () => {
  await archived([1n, 2n]);
  await archived([4n], 'sealed', 'Fileset:2');
  const undone = await archived([8n], 'linked', 'Fileset:3');
  await running(place.register, { 'Fileset:4': [16n] });
  const [given] = (await place.sql.query('SELECT request_id FROM bag WHERE id = $1', [undone])).rows;
  await place.register.operator.undo({ kind: 'Request', ids: [BigInt(given.request_id)] }, 'boss');
  expect((await all()).map((copy) => [copy.size, copy.held, copy.sha256])).toEqual([
    [1n, true, sha],
    [2n, true, sha],
    [4n, true, sha],
  ]);
  expect(await place.register.fixity.count({})).toEqual({ files: 3, bytes: 7n });
  expect(await all({ store: 'other' })).toEqual([]);
  expect(
    (
      await all({
        targets: [
          { kind: 'Fileset', names: ['Fileset:2'] },
          { kind: 'File', ids: [(await all())[0]!.id] },
        ],
      })
    ).map((copy) => copy.size),
  ).toEqual([1n, 4n]);
  expect(
    await place.register.fixity.count({
      store: 'main',
      targets: [{ kind: 'Fileset', names: ['Fileset:2'] }],
      unreadForMs: 0,
    }),
  ).toEqual({ files: 1, bytes: 4n });
});

it('knows when copies were last read: proving them was a read', async () => {
  await archived([1n]);
  expect(await all({ unreadForMs: day })).toEqual([]);
  await age(2);
  expect(await all({ unreadForMs: day })).toHaveLength(1);
  expect(await all({ unreadForMs: 3 * day })).toEqual([]);
});

it('chooses a random share', async () => {
  await archived(Array.from({ length: 200 }, () => 1n));
  const { length } = await all({ share: 0.25 });
  expect(length).toBeGreaterThan(20);
  expect(length).toBeLessThan(90);
});

it('records what was found, with one event when it is bad and one when it is good again', async () => {
  await archived([1n, 2n]);
  const [one, two] = (await all()) as [CheckedCopy, CheckedCopy];
  const fault = { code: 'COPY_DIFFERS', reason: 'other bytes' };
  await age(5);
  await place.register.fixity.record(
    [
      { copy: one, fault },
      { copy: two, fault: null },
    ],
    'test',
  );
  expect(await row(one.id)).toMatchObject({
    copy_fault: 'COPY_DIFFERS',
    copy_version: 'v1',
    copy_digest: null,
    state: 'linked',
  });
  expect(await row(two.id)).toMatchObject({ copy_fault: null, copy_digest: sha });
  expect(await all({ unreadForMs: day })).toEqual([]);
  expect(await place.register.fixityCoverage.count()).toEqual([
    {
      store: 'main',
      files: 2,
      bytes: 3n,
      faults: 1,
      oldest: expect.any(Date),
      unread: 0,
      overdue: 0,
      weekFiles: 2,
      weekBytes: 3n,
    },
  ]);
  await place.register.fixity.record(
    [
      { copy: { ...one, copyFault: 'COPY_DIFFERS' }, fault: null },
      { copy: two, fault: null },
    ],
    'test',
  );
  const { rows } = await place.sql.query(`SELECT file_id, what, code FROM event WHERE what LIKE 'copy %' ORDER BY id`);
  expect(rows).toEqual([
    { file_id: String(one.id), what: 'copy bad', code: 'COPY_DIFFERS' },
    { file_id: String(one.id), what: 'copy good again', code: 'COPY_DIFFERS' },
  ]);
});

it('leaves alone a copy that was replaced in the meantime', async () => {
  await archived([1n]);
  const [copy] = (await all()) as [CheckedCopy];
  await place.sql.query(`UPDATE file SET copy_version = 'v2'`);
  await place.register.fixity.record([{ copy, fault: { code: 'COPY_MISSING', reason: 'gone' } }], 'test');
  expect(await row(copy.id)).toMatchObject({ copy_fault: null, copy_version: 'v2' });
});

it('takes a read as the proof that a rebuilt copy lacks', async () => {
  await archived([1n]);
  await place.sql.query('UPDATE file SET copy_digest = NULL, copy_read = NULL');
  const [copy] = (await all()) as [CheckedCopy];
  expect(copy.copyDigest).toBeNull();
  await place.register.fixity.record([{ copy, fault: null, proof: { version: 'v9', read: 'direct' } }], 'test');
  expect(await row(copy.id)).toMatchObject({ copy_digest: sha, copy_version: 'v9', copy_read: 'direct' });
});

it('neither waits for nor voids the claim of a worker', async () => {
  const bag = await archived([1n]);
  const claim = await claimed(place.register, bag, 'linked');
  const [copy] = (await all()) as [CheckedCopy];
  await place.register.fixity.record([{ copy, fault: null }], 'test');
  expect(
    await place.register.applyTransitions(
      claim,
      claim.files.map((file) => transitionOf(file, 'release')),
      stage,
    ),
  ).toEqual([]);
});

it('pages the longest unread first, never the same twice, those never read before all others', async () => {
  await archived(Array.from({ length: 7 }, () => 1n));
  await age(10);
  await place.sql.query(
    `UPDATE file SET copy_checked_at = NULL WHERE id IN (SELECT id FROM file ORDER BY id DESC LIMIT 3)`,
  );
  await place.sql.query(
    `UPDATE file SET copy_checked_at = now() - interval '1 hour' WHERE id IN (SELECT id FROM file ORDER BY id LIMIT 1)`,
  );
  const seen: CheckedCopy[] = [];
  for (let after: CheckedCopy | null = null; ;) {
    const page: readonly CheckedCopy[] = await place.register.fixity.waiting(['main'], day, after, 2);
    if (page.length === 0) break;
    seen.push(...page);
    after = page.at(-1)!;
    expect(seen.length).toBeLessThan(7);
  }
  expect(seen.map((copy) => copy.checkedAt === null)).toEqual([true, true, true, false, false, false]);
  expect(new Set(seen.map((copy) => copy.id)).size).toBe(6);
  expect(await place.register.fixity.waiting(['other'], day, null, 2)).toEqual([]);
});

it('keeps the figures of the last count: what is overdue, what was read lately, and which stores are read', async () => {
  const { fixity, fixityCoverage } = place.register;
  await archived([1n, 2n, 4n]);
  expect(await fixityCoverage.kept()).toEqual([]);
  const [one, two] = (await all()) as [CheckedCopy, CheckedCopy];
  await age(5);
  await place.sql.query(`UPDATE file SET copy_checked_at = now() - interval '30 days' WHERE id = $1`, [one.id]);
  await place.sql.query(`UPDATE file SET copy_checked_at = NULL WHERE id = $1`, [two.id]);
  await fixityCoverage.keep(await fixityCoverage.count(20 * day), 20 * day, ['main']);
  const kept = { store: 'main', files: 3, bytes: 7n, faults: 0, unread: 1, overdue: 2, weekFiles: 1, weekBytes: 4n };
  expect(await fixityCoverage.kept()).toEqual([
    { ...kept, oldest: null, everyMs: 20 * day, isChecked: true, countedAt: expect.any(Date) },
  ]);
  await fixity.record([{ copy: two, fault: { code: 'COPY_DIFFERS', reason: 'other bytes' } }], 'test');
  expect((await fixity.faulty(10)).map(({ id, copyFault }) => [id, copyFault])).toEqual([[two.id, 'COPY_DIFFERS']]);
  await fixityCoverage.keep([], day, []);
  expect(await fixityCoverage.kept()).toEqual([]);
});
