import { fileStates, type FileState } from '@coldroom/domain';
import { freshRegister } from '../testing/fresh-register';
import { closure, draft, newFile, newImage, running } from '../testing/sample-request';
import type { OmeroAmount } from './omero-mirror';
import type { UsageFilter } from './owners';

let db: Awaited<ReturnType<typeof freshRegister>>;
beforeAll(async () => {
  db = await freshRegister();
  const { register, sql } = db;
  // One file in each state, each of another size; those of odd states are released.
  const id = await running(
    register,
    Object.fromEntries(fileStates.map((_state, at) => [`Fileset:${at + 1}`, [(1n << 40n) + 3n ** BigInt(at)]])),
  );
  const { rows } = await sql.query<{ id: string }>('SELECT id FROM file WHERE request_id = $1 ORDER BY id', [id]);
  for (const [at, state] of fileStates.entries())
    await sql.query(
      `UPDATE file SET state = $2, stuck_from = CASE WHEN $2 = 'stuck' THEN 'linked' END, code = CASE WHEN $2 IN ('stuck', 'skipped') THEN 'X' END,
         released_at = CASE WHEN $3 OR $2 = 'released' THEN now() END WHERE id = $1`,
      [rows[at]?.id, state, at % 2 === 1],
    );
  await register.requests.create(
    { ownerId: 9n, owner: 'old name', groupId: 5n, group: 'old', requesterId: 3n, requester: 'ada' },
    closure(
      [newImage(900n, 'Fileset:900')],
      [newFile('Fileset:900', 'b/1', { size: 7n }), newFile('Fileset:900', 'b/2')],
    ),
    'test',
  );
  await register.people.mirror({
    people: [{ id: 9n, login: 'bob', fullName: 'Bob', email: null, active: true, administrator: false, withheld: [] }],
    groups: [{ id: 5n, name: 'new' }],
    memberships: [],
  });
});
afterAll(() => db.drop());

const partsOf = async (filter?: UsageFilter) =>
  (await db.register.usage.ofFiles(filter)).map(
    ({ owner, group, part, files }) => `${group} ${owner} ${part} ${files}`,
  );

test('each file is in one part, and the parts are the register to the byte', async () => {
  const rows = await db.register.usage.ofFiles();
  for (const column of ['group_id', 'owner_id']) {
    const counted = await db.sql.query<{ id: string; files: string; bytes: string }>(
      `SELECT r.${column} AS id, count(*) AS files, sum(f.size) AS bytes FROM file f JOIN request r ON r.id = f.request_id GROUP BY 1 ORDER BY 1`,
    );
    const added = [...Map.groupBy(rows, (row) => (column === 'group_id' ? row.groupId : row.ownerId))]
      .map(([id, of]) => ({
        id: id.toString(),
        files: of.reduce((sum, { files }) => sum + files, 0).toString(),
        bytes: of.reduce((sum, { bytes }) => sum + bytes, 0n).toString(),
      }))
      .toSorted((one, other) => Number(one.id) - Number(other.id));
    expect(added).toEqual(counted.rows.map((row) => ({ ...row })));
  }
});

test('a state means one part; what is archived is held until it is released', async () => {
  const parts: Record<string, FileState[]> = {
    waiting: ['registered'],
    beingArchived: ['approved', 'hashed', 'copied', 'verified', 'sealed'],
    retrieved: ['undoing', 'retrieving', 'online', 'fetched', 'fetchVerified', 'recalled'],
    back: ['restored', 'undone'],
    stuck: ['stuck'],
    leftOut: ['skipped', 'declined', 'abandoned'],
  };
  const archived = ['linked', 'released', 'moving', 'moveCopied', 'moveVerified', 'moveSealed'];
  const isReleased = (state: string): boolean =>
    state === 'released' || fileStates.indexOf(state as FileState) % 2 === 1;
  parts['freed'] = archived.filter(isReleased) as FileState[];
  parts['held'] = archived.filter((state) => !isReleased(state)) as FileState[];
  const rows = (await db.register.usage.ofFiles()).filter(({ ownerId }) => ownerId === 3n);
  for (const [part, states] of Object.entries(parts)) {
    const { rows: counted } = await db.sql.query<{ bytes: string }>(
      `SELECT sum(size) AS bytes FROM file WHERE state = ANY($1) AND request_id IN (SELECT id FROM request WHERE owner_id = 3)`,
      [states],
    );
    const bytes = rows.filter((row) => row.part === part).reduce((sum, row) => sum + row.bytes, 0n);
    expect([part, bytes.toString()]).toEqual([part, counted[0]?.bytes]);
  }
  expect(Object.values(parts).flat().toSorted()).toEqual([...fileStates].toSorted());
});

test('people and groups have the names of the last scan, and others those of the request', async () => {
  const rows = await db.register.usage.ofFiles({ groupId: 5n });
  expect(rows).toEqual([
    {
      groupId: 5n,
      group: 'new',
      ownerId: 9n,
      owner: 'bob',
      fullName: 'Bob',
      store: null,
      part: 'waiting',
      stored: false,
      files: 2,
      bytes: 17n,
    },
  ]);
  expect((await db.register.usage.ofFiles({ ownerId: 3n }))[0]).toMatchObject({ owner: 'ada', group: draft.group });
});

test('only what these may see: their own, what they requested, and their groups', async () => {
  const bob = 'new bob waiting 2';
  expect(await partsOf({ visibleTo: { personId: 9n, groupIds: [] } })).toEqual([bob]);
  expect(await partsOf({ visibleTo: { personId: 3n, groupIds: [] } })).toContain(bob);
  expect(await partsOf({ visibleTo: { personId: 8n, groupIds: [5n] } })).toEqual([bob]);
  expect(await partsOf({ visibleTo: { personId: null, groupIds: [] } })).toEqual([]);
  expect(await partsOf({ visibleTo: { personId: 3n, groupIds: [] }, ownerId: 9n })).toEqual([bob]);
});

const amount = (change: Partial<OmeroAmount> = {}): OmeroAmount => ({
  groupId: 5n,
  ownerId: 9n,
  year: 2019,
  sizeClass: 3,
  images: 4n,
  filesets: 1n,
  files: 2n,
  bytes: 1n << 60n,
  archivedFilesets: 0n,
  archivedBytes: 0n,
  ...change,
});
const project = { projectId: 1n, groupId: 5n, ownerId: 9n, name: 'p', filesets: 1n, bytes: 5n, archivedBytes: 0n };

test('what was read of OMERO is replaced as a whole, and kept when it cannot be read', async () => {
  const { omero } = db.register.usage;
  expect(await omero.lastRead()).toEqual({ readAt: null, failed: null });
  await omero.mirror({ filesets: [amount({ year: 2001 })], projects: [project] }, 0);
  await omero.mirror({ filesets: [amount(), amount({ groupId: 6n, ownerId: 10n })], projects: [] }, 0);
  await omero.mirrorFailed('no right', 0);
  expect(await omero.lastRead()).toEqual({ readAt: expect.any(Date), failed: 'no right' });
  const names = { group: 'new', owner: 'bob', fullName: 'Bob' };
  expect(await omero.amounts({ groupId: 5n })).toEqual([{ ...amount(), ...names }]);
  expect(await omero.projects()).toEqual([]);
  expect((await omero.amounts({ visibleTo: { personId: 10n, groupIds: [] } })).map(({ group }) => group)).toEqual([
    '6',
  ]);
  expect(await omero.amounts({ visibleTo: { personId: null, groupIds: [] } })).toEqual([]);
  await omero.mirror({ filesets: [amount()], projects: [project, { ...project, projectId: 2n, bytes: 9n }] }, 0);
  expect(await omero.lastRead()).toMatchObject({ failed: null });
  expect((await omero.projects({}, 1)).map(({ projectId }) => projectId)).toEqual([2n]);
});

test('reading takes at most a hundredth of the time, and waits at most a day', async () => {
  const { omero } = db.register.usage;
  const waits = async (): Promise<number> =>
    (await db.sql.query<{ s: number }>('SELECT extract(epoch FROM next_at - now())::float8 AS s FROM omero_usage_read'))
      .rows[0]?.s ?? 0;
  await omero.mirror({ filesets: [], projects: [] }, 0);
  expect(await omero.isDue()).toBe(true);
  await omero.mirror({ filesets: [], projects: [] }, 6000);
  expect(await omero.isDue()).toBe(false);
  expect(Math.round((await waits()) / 60)).toBe(10);
  await omero.mirrorFailed('cancelled', 3_600_000);
  expect(Math.round((await waits()) / 3600)).toBe(24);
  await omero.mirrorFailed('no right', 3);
  expect(await waits()).toBeLessThan(1);
});

test('a day has the totals of its last scan, by group; OMERO is left out while it is not known', async () => {
  const { usage } = db.register;
  const today = new Date().toISOString().slice(0, 10);
  await usage.omero.mirror({ filesets: [amount()], projects: [] }, 0);
  await usage.omero.mirrorFailed('no right', 0);
  await usage.recordDay();
  const rows = await usage.ofFiles();
  const sum = (part: string): bigint =>
    rows.filter((row) => row.part === part).reduce((all, { bytes }) => all + bytes, 0n);
  const expected = { day: today, heldBytes: sum('held'), freedBytes: sum('freed'), archivedFiles: 6 };
  const since = new Date(Date.now() - 86_400_000);
  expect(await usage.days(undefined, since)).toEqual([{ ...expected, omeroBytes: null }]);
  await usage.omero.mirror({ filesets: [amount()], projects: [] }, 0);
  await usage.recordDay();
  await db.sql.query(
    `INSERT INTO usage_day SELECT day - 1, group_id, group_name, 1, 2, 3, 4, NULL FROM usage_day WHERE group_id = 5`,
  );
  expect(await usage.days([5n], since)).toEqual([
    expect.objectContaining({ heldBytes: 2n, freedBytes: 4n, archivedFiles: 4, omeroBytes: null }),
    { day: today, heldBytes: 0n, freedBytes: 0n, archivedFiles: 0, omeroBytes: amount().bytes },
  ]);
  expect(await usage.days(undefined, since)).toContainEqual({ ...expected, omeroBytes: amount().bytes });
  expect(await usage.days([], since)).toEqual([]);
});
