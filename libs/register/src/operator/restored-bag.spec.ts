import type { WorkState } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';
import { bagsOf, brought, claimed, draft, identity, running, stage, transitionOf } from '../testing/sample-request';
import type { RebuiltBag, RebuiltFile } from './rebuilt-bag';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const rows = async (sql: string): Promise<readonly Record<string, unknown>[]> => (await place.sql.query(sql)).rows;

/** A file of a bag whose link is at its path, held under this number or released. */
function archived(path: string, heldAs: bigint | null = null, part: Partial<RebuiltFile> = {}): RebuiltFile {
  return {
    fileset: path.split('/')[1]!,
    root: 'ManagedRepository',
    path: Buffer.from(path),
    display: path,
    originalFileId: null,
    pixelsId: null,
    omeroHash: null,
    identity: identity(10n, 99n),
    digests: { 'SHA-256': 'ab'.repeat(32) },
    copyVersion: 'v1',
    copyFault: null,
    state: heldAs === null ? 'released' : 'linked',
    code: null,
    reason: null,
    heldAs,
    ...part,
  };
}

const catchUp = (
  name: string,
  files: readonly RebuiltFile[],
  part: Partial<RebuiltBag> = {},
  rebuild = place.register.rebuild,
) =>
  rebuild.catchUp(
    {
      ...draft,
      name,
      store: 'main',
      date: new Date('2026-02-03'),
      requestNumber: 900n,
      images: [],
      files,
      ...part,
    },
    'test',
    true,
  );

const files = (): Promise<readonly Record<string, unknown>[]> =>
  rows(
    'SELECT b.name AS bag, f.state, f.code FROM file f LEFT JOIN bag b ON b.id = f.bag_id ORDER BY b.id NULLS FIRST, f.path, f.id',
  );
const requests = (): Promise<readonly Record<string, unknown>[]> => rows('SELECT id, state FROM request ORDER BY id');

/** A request of one fileset, as the dump has it, with the paths and numbers of its files. */
async function dumped(
  sizes: readonly bigint[],
  until: WorkState | 'released' = 'approved',
): Promise<{ readonly requestId: bigint; readonly bagId: bigint; readonly paths: string[]; readonly ids: bigint[] }> {
  const requestId = await running(place.register, { 'Fileset:1': sizes });
  const [bagId] = await bagsOf(place.register);
  await brought(place.register, bagId!, until);
  const found = await place.register.reports.files({ requestId });
  const sorted = [...found].sort((one, other) => (one.path < other.path ? -1 : 1));
  return {
    requestId,
    bagId: bagId!,
    paths: sorted.map(({ path }) => path.replace('ManagedRepository/', '')),
    ids: sorted.map(({ id }) => id),
  };
}

async function stuckIn(bagId: bigint, state: WorkState, code = 'HELD_CHANGED'): Promise<void> {
  const claim = await claimed(place.register, bagId, state);
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => ({ ...transitionOf(file, 'fail'), code })),
    stage,
  );
}

describe('a file that was archived again since the backup', () => {
  it.each(['linked', 'released', 'retrieving', 'undoing'] as const)(
    'counts in the new bag, not in the one in which it was %s',
    async (state) => {
      const { requestId, bagId, paths } = await dumped([10n], state === 'linked' ? 'linked' : 'released');
      if (state === 'undoing') await place.sql.query(`UPDATE file SET state = 'undoing', released_at = NULL`);
      if (state === 'retrieving')
        await place.register.retrievals.ask({ kind: 'Request', ids: [requestId] }, { way: 'restore', days: 7 }, 'ada');
      expect(await catchUp('later', [archived(paths[0]!, 900n)])).toMatchObject({ requestId: 900n });
      expect(await files()).toEqual([
        { bag: `r${requestId}-1`, state: 'skipped', code: 'ARCHIVED_IN_ANOTHER_BAG' },
        { bag: 'later', state: 'linked', code: null },
      ]);
      expect(await rows(`SELECT id FROM file WHERE state = 'linked'`)).toEqual([{ id: '900' }]);
      expect(await rows(`SELECT from_state, actor FROM event WHERE what = 'rebuild' AND to_state = 'skipped'`)).toEqual(
        [{ from_state: state, actor: 'test' }],
      );
      expect(await rows(`SELECT state FROM bag WHERE id = ${bagId}`)).toEqual([{ state: 'done' }]);
      expect(await requests()).toEqual([
        { id: String(requestId), state: 'Finished' },
        { id: '900', state: 'Finished' },
      ]);
      expect(await catchUp('later', [archived(paths[0]!, 900n)])).toBe('known');
    },
  );

  it('has its mark from the new request only', async () => {
    const { paths, requestId } = await dumped([10n], 'linked');
    const [image] = await rows('SELECT image_id FROM request_image');
    const imageId = BigInt(image!['image_id'] as string);
    await catchUp('later', [archived(paths[0]!, 900n)], { images: [{ imageId, fileset: 'Fileset:1' }] });
    expect(await rows('SELECT request_id, mark_wanted FROM request_image ORDER BY request_id')).toEqual([
      { request_id: String(requestId), mark_wanted: 'none' },
      { request_id: '900', mark_wanted: 'archived' },
    ]);
  });

  it('does not count in an older bag without its link', async () => {
    const { requestId, paths } = await dumped([10n], 'linked');
    await catchUp('other', [archived(paths[0]!, null, { code: 'LINK_MISSING', reason: 'no link' })]);
    expect(await files()).toEqual([
      { bag: `r${requestId}-1`, state: 'linked', code: null },
      { bag: 'other', state: 'skipped', code: 'ARCHIVED_IN_ANOTHER_BAG' },
    ]);
  });
});

describe('a file that got stuck after it was linked', () => {
  it.each(['linked', 'undoing'] as const)('stays stuck from %s, with what was found about its copy', async (state) => {
    const { requestId, bagId, paths, ids } = await dumped([10n], 'linked');
    if (state === 'undoing') await place.register.operator.undo({ kind: 'File', ids }, 'ada');
    await stuckIn(bagId, state);
    await place.sql.query(`UPDATE file SET copy_fault = 'COPY_DIFFERS'`);
    const bag = `r${requestId}-1`;
    expect(await place.register.rebuild.isUpToDate(bag, 'main')).toBe(true);
    expect(await catchUp(bag, [archived(paths[0]!, ids[0])], { requestNumber: requestId })).toBe('known');
    expect(await rows('SELECT state, stuck_from, code, copy_fault FROM file')).toEqual([
      { state: 'stuck', stuck_from: state, code: 'HELD_CHANGED', copy_fault: 'COPY_DIFFERS' },
    ]);
    expect(await requests()).toEqual([{ id: String(requestId), state: 'Error' }]);
  });

  it('is brought forward where it got stuck before that', async () => {
    const { requestId, bagId, paths, ids } = await dumped([10n], 'sealed');
    await stuckIn(bagId, 'sealed');
    await catchUp(`r${requestId}-1`, [archived(paths[0]!, ids[0])], { requestNumber: requestId });
    expect(await files()).toEqual([{ bag: `r${requestId}-1`, state: 'linked', code: null }]);
    expect(await requests()).toEqual([{ id: String(requestId), state: 'Finished' }]);
  });
});

describe('the bag that a file had at the time of the backup', () => {
  it('has no work left where its files were linked in the bag of a retry', async () => {
    const { requestId, bagId, paths, ids } = await dumped([10n]);
    await catchUp('retry-1', [archived(paths[0]!, ids[0])], { requestNumber: null });
    expect(await rows(`SELECT state, files FROM bag WHERE id = ${bagId}`)).toEqual([{ state: 'done', files: 0 }]);
    expect(await requests()).toEqual([{ id: String(requestId), state: 'Finished' }]);
    expect((await place.register.claims.backlog()).filter(({ due }) => due > 0)).toMatchObject([
      { stage: 'release', due: 1 },
    ]);
  });

  it('goes on with the files that it kept', async () => {
    const { requestId, bagId, paths, ids } = await dumped([10n, 11n], 'hashed');
    await catchUp('retry-1', [archived(paths[0]!, ids[0])], { requestNumber: null });
    expect(await rows(`SELECT state, files FROM bag WHERE id = ${bagId}`)).toEqual([{ state: 'hashed', files: 1 }]);
    expect(await requests()).toEqual([{ id: String(requestId), state: 'Running' }]);
  });

  it('and its request have ended where its files were linked by another request', async () => {
    const { requestId, bagId, paths, ids } = await dumped([10n]);
    await catchUp('later', [archived(paths[0]!, ids[0])]);
    expect(await rows(`SELECT state FROM bag WHERE id = ${bagId}`)).toEqual([{ state: 'done' }]);
    expect(await requests()).toEqual([
      { id: String(requestId), state: 'Finished' },
      { id: '900', state: 'Finished' },
    ]);
  });
});

describe('the number under which an original is held', () => {
  it('is kept where the file had another one at the time of the backup', async () => {
    const { requestId, paths, ids } = await dumped([10n]);
    await catchUp('later', [archived(paths[0]!, 50n)]);
    expect(await rows('SELECT id, state, code FROM file ORDER BY id')).toEqual([
      { id: String(ids[0]), state: 'skipped', code: 'ARCHIVED_IN_ANOTHER_BAG' },
      { id: '50', state: 'linked', code: null },
    ]);
    expect(await requests()).toEqual([
      { id: String(requestId), state: 'Finished' },
      { id: '900', state: 'Finished' },
    ]);
    expect(await place.register.operator.undo({ kind: 'File', ids: [50n] }, 'boss')).toMatchObject({ undoing: 1 });
  });

  it('is not known where another file has it', async () => {
    const { paths, ids } = await dumped([10n, 11n]);
    await catchUp('later', [archived(paths[0]!, ids[1])]);
    expect(await rows(`SELECT id, state, code FROM file WHERE state = 'released'`)).toEqual([
      { id: String(ids[0]), state: 'released', code: 'HELD_NOT_KNOWN' },
    ]);
  });
});

describe('a bag that was moved to another store', () => {
  const missing = { code: 'LINK_MISSING', reason: 'no link' };
  const inStore = (store: string, part: Partial<RebuiltFile>) =>
    catchUp('moved', [archived('1/a', 50n, part), archived('1/b', null, { ...missing, copyVersion: store })], {
      store,
    });
  const isUpToDate = (store: string) => place.register.rebuild.isUpToDate('moved', store);
  const bags = () => rows('SELECT store, moved_from, state FROM bag');
  const found = () => rows('SELECT id, state, code, copy_version FROM file ORDER BY path');
  const inNew = [
    { id: '50', state: 'linked', code: null, copy_version: 'new' },
    { id: expect.any(String), state: 'released', code: 'LINK_MISSING', copy_version: 'new' },
  ];

  it('is in the store that its links lead into, also where the old store is read first', async () => {
    await inStore('old', { ...missing, copyVersion: 'old' });
    expect([await bags(), await isUpToDate('old')]).toEqual([
      [{ store: 'old', moved_from: null, state: 'linked' }],
      true,
    ]);
    expect(await isUpToDate('new')).toBe(false);
    await inStore('new', { copyVersion: 'new' });
    expect(await found()).toEqual(inNew);
    expect(await bags()).toEqual([{ store: 'new', moved_from: 'old', state: 'linked' }]);
    expect(await inStore('old', { ...missing, copyVersion: 'old' })).toBe('known');
    expect(await found()).toEqual(inNew);
  });

  it('stays in the old store while some of its links lead there', async () => {
    const half = (store: string, ours: readonly boolean[]) =>
      catchUp(
        'moved',
        ours.map((isOurs, at) => archived(`1/${at}`, null, isOurs ? {} : missing)),
        { store },
      );
    await half('old', [true, false]);
    expect(await half('new', [false, true])).toBe('known');
    expect(await bags()).toEqual([{ store: 'old', moved_from: null, state: 'done' }]);
    expect(await rows('SELECT code FROM file ORDER BY path')).toEqual([{ code: null }, { code: 'LINK_MISSING' }]);
  });
});

it('a rehearsal tells what would be done and leaves nothing behind, not even used numbers', async () => {
  const { paths } = await dumped([10n, 11n]);
  await place.sql.query(`UPDATE file SET state = 'registered', bag_id = NULL WHERE size = 11`);
  const before = async (): Promise<readonly unknown[]> => [
    await rows('SELECT * FROM file ORDER BY id'),
    await rows('SELECT * FROM request ORDER BY id'),
    await rows('SELECT * FROM event ORDER BY id'),
    await rows('SELECT last_value + is_called::int AS next FROM file_id_seq'),
    await rows('SELECT last_value + is_called::int AS next FROM request_id_seq'),
  ];
  const untouched = await before();
  const all = async (rebuild: typeof place.register.rebuild): Promise<readonly unknown[]> => {
    await rebuild.numberFilesAbove(70n);
    return [
      await catchUp('later', [archived(paths[0]!, 70n)], {}, rebuild),
      await catchUp('later', [archived(paths[0]!, 70n)], {}, rebuild),
      await catchUp('other', [archived('9/Fileset:9/x')], { requestNumber: null }, rebuild),
      await rebuild.settleRest('test'),
      await rebuild.heldFiles('later'),
    ];
  };
  const told = await place.register.rebuild.rehearse(all);
  expect(await before()).toEqual(untouched);
  await expect(place.register.rebuild.rehearse(() => Promise.reject(new Error('no store')))).rejects.toThrow(
    'no store',
  );
  expect(await before()).toEqual(untouched);
  const withoutBagIds = (answers: readonly unknown[]) =>
    JSON.stringify(answers, (key, value) => (key === 'bagId' ? null : typeof value === 'bigint' ? `${value}` : value));
  expect(withoutBagIds(told)).toBe(withoutBagIds(await all(place.register.rebuild)));
  expect(told).toMatchObject([{ requestId: 900n }, 'known', {}, [902n], 1]);
});
