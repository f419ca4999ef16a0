import type { RebuiltBag, RebuiltFile } from './rebuilt-bag';
import { freshRegister } from '../testing/fresh-register';
import { identity, running } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const sha = 'ab'.repeat(32);

function file(path: string, part: Partial<RebuiltFile> = {}): RebuiltFile {
  return {
    fileset: 'Fileset:1',
    root: 'ManagedRepository',
    path: Buffer.from(path),
    display: path,
    originalFileId: 7n,
    pixelsId: null,
    omeroHash: { algorithm: 'MD5-128', value: 'abc' },
    identity: identity(5n),
    digests: { 'SHA-256': sha },
    copyVersion: 'v1',
    copyFault: null,
    state: 'released',
    code: null,
    reason: null,
    heldAs: null,
    ...part,
  };
}

function bag(name: string, part: Partial<RebuiltBag> = {}): RebuiltBag {
  return {
    name,
    store: 'main',
    date: new Date('2026-02-03'),
    requestNumber: 3n,
    owner: 'ada',
    ownerId: -1n,
    group: 'Lab',
    groupId: -1n,
    requester: 'ada',
    requesterId: -1n,
    images: [{ imageId: 1n, fileset: 'Fileset:1' }],
    files: [file('a')],
    ...part,
  };
}

const missing = { code: 'LINK_MISSING', reason: 'no link' };
const add = (one: RebuiltBag, last = false): ReturnType<typeof place.register.rebuild.add> =>
  place.register.rebuild.add(one, 'test', last);
const rows = async (sql: string): Promise<readonly Record<string, unknown>[]> => (await place.sql.query(sql)).rows;
const files = (): Promise<readonly Record<string, unknown>[]> =>
  rows(
    'SELECT b.name AS bag, f.request_id, f.state, f.code FROM file f JOIN bag b ON b.id = f.bag_id ORDER BY b.name, f.path',
  );

it('writes a bag once, however often it is added', async () => {
  expect(await add(bag('b1'))).toEqual({ requestId: 3n });
  expect(await add(bag('b1'))).toBe('known');
  expect(await place.register.rebuild.knows('b1')).toBe(true);
  expect(await files()).toEqual([{ bag: 'b1', request_id: '3', state: 'released', code: null }]);
  expect(await rows('SELECT state, owner, group_name FROM request')).toEqual([
    { state: 'Finished', owner: 'ada', group_name: 'Lab' },
  ]);
  expect(await rows('SELECT image_id, mark_wanted, mark_written FROM request_image')).toEqual([
    { image_id: '1', mark_wanted: 'archived', mark_written: null },
  ]);
  expect(await rows(`SELECT copy_digest, copy_read, copy_version, linked_at, identity FROM file`)).toEqual([
    {
      copy_digest: null,
      copy_read: null,
      copy_version: 'v1',
      linked_at: new Date('2026-02-03'),
      identity: '0:0:5:1700000000123456789:0:1:33188:1000:1000',
    },
  ]);
  expect(await place.register.retrievals.plan({ kind: 'Request', ids: [3n] }, 'restore')).toMatchObject({
    fetch: [{ store: 'main', files: 1, bytes: 5n }],
    images: 1,
  });
});

it('continues a register that it made, and refuses one that people work with', async () => {
  await place.register.rebuild.checkEmpty();
  await add(bag('b1'));
  await place.register.rebuild.checkEmpty();
  await running(place.register, { 'Fileset:2': [1n] });
  await expect(place.register.rebuild.checkEmpty()).rejects.toMatchObject({
    kind: 'refused',
    code: 'REGISTER_NOT_EMPTY',
  });
});

it('keeps request numbers, and gives new ones only after all numbered requests have theirs', async () => {
  await add(bag('b1', { requestNumber: 7n }));
  expect(await add(bag('b2', { requestNumber: 7n, files: [file('b')] }))).toEqual({ requestId: 7n });
  const other = bag('b3', {
    requestNumber: 7n,
    owner: 'bob',
    files: [file('c', { fileset: 'Fileset:3' })],
    images: [{ imageId: 3n, fileset: 'Fileset:3' }],
  });
  expect(await add(other)).toBe('later');
  expect(await add(bag('b4', { requestNumber: 8n, files: [file('d', { fileset: 'Fileset:4' })] }))).toEqual({
    requestId: 8n,
  });
  expect(await add(other, true)).toEqual({ requestId: 9n });
  expect(await add({ ...other, name: 'b5', files: [file('e', { fileset: 'Fileset:5' })] }, true)).toEqual({
    requestId: 9n,
  });
});

it("adds a retry's bag to the request that has its fileset", async () => {
  await add(bag('b1', { requestNumber: 7n }));
  await add(bag('b2', { requestNumber: 8n, files: [file('x', { fileset: 'Fileset:2' })] }));
  const retry = bag('retry-1', { requestNumber: null, files: [file('y', { fileset: 'Fileset:2' })] });
  expect(await add(retry)).toBe('later');
  expect(await add(retry, true)).toEqual({ requestId: 8n });
  expect(
    await add(bag('retry-2', { requestNumber: null, files: [file('z', { fileset: 'Fileset:9' })] }), true),
  ).toEqual({ requestId: 9n });
  expect(
    await add(bag('retry-3', { requestNumber: null, files: [file('z2', { fileset: 'Fileset:10' })] }), true),
  ).toEqual({ requestId: 9n });
});

it.each([[true], [false]])('takes the bag that the link leads to, whichever comes first (%s)', async (linkFirst) => {
  const linked = bag('linked', { requestNumber: 4n });
  const old = bag('old', { files: [file('a', missing)], date: new Date('2027-01-01') });
  for (const each of linkFirst ? [linked, old] : [old, linked]) await add(each);
  expect(await files()).toEqual([
    { bag: 'linked', request_id: '4', state: 'released', code: null },
    { bag: 'old', request_id: '3', state: 'skipped', code: 'ARCHIVED_IN_ANOTHER_BAG' },
  ]);
  expect(await rows(`SELECT request_id FROM request_image WHERE mark_wanted = 'archived'`)).toEqual([
    { request_id: '4' },
  ]);
});

it.each([[true], [false]])(
  'takes the newer of two bags without a link, whichever comes first (%s)',
  async (newerFirst) => {
    const newer = bag('newer', { files: [file('a', missing)], date: new Date('2027-01-01') });
    const older = bag('older', { files: [file('a', missing)] });
    for (const each of newerFirst ? [newer, older] : [older, newer]) await add(each);
    expect((await files()).map((one) => one['code'])).toEqual(['LINK_MISSING', 'ARCHIVED_IN_ANOTHER_BAG']);
  },
);

it('writes nothing to OMERO about files that are only in a bag', async () => {
  await add(bag('b1', { files: [file('a', { state: 'skipped', code: 'ORIGINAL_IN_PLACE', reason: 'it is there' })] }));
  expect(await rows('SELECT * FROM request_image')).toEqual([]);
  expect(await rows('SELECT state FROM bag')).toEqual([{ state: 'done' }]);
  expect(await rows(`SELECT what, code FROM event WHERE file_id IS NOT NULL`)).toEqual([
    { what: 'rebuild', code: 'ORIGINAL_IN_PLACE' },
  ]);
});

it('gives held originals back their numbers, so that they can be undone, and to no other file', async () => {
  await place.register.rebuild.numberFilesAbove(50n);
  const held = identity(5n, 99n);
  await add(bag('b1', { files: [file('a', { state: 'linked', heldAs: 20n, identity: held }), file('b')] }));
  expect(
    await rows(
      "SELECT id, state, linked_at > now() - interval '1 minute' AS now, split_part(identity, ':', 2) AS ino FROM file ORDER BY path",
    ),
  ).toEqual([
    { id: '20', state: 'linked', now: true, ino: '99' },
    { id: '51', state: 'released', now: false, ino: '0' },
  ]);
  expect(await rows('SELECT state FROM bag')).toEqual([{ state: 'linked' }]);
  expect(await place.register.operator.undo({ kind: 'File', ids: [20n] }, 'boss')).toEqual({
    undoing: 1,
    abandoned: 0,
    released: 1,
  });
});

it('does not take a held number twice', async () => {
  await add(bag('b1', { files: [file('a', { state: 'linked', heldAs: 20n })] }));
  await add(bag('b2', { files: [file('b', { state: 'linked', heldAs: 20n })] }));
  expect(await files()).toEqual([
    { bag: 'b1', request_id: '3', state: 'linked', code: null },
    { bag: 'b2', request_id: '3', state: 'released', code: 'HELD_NOT_KNOWN' },
  ]);
});
