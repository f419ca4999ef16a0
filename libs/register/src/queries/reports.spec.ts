import { freshRegister } from '../testing/fresh-register';
import { bagsOf, claimed, transitionOf, running, stage } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
let first: bigint;
let second: bigint;
beforeAll(async () => {
  place = await freshRegister();
  first = await running(place.register, { 'Fileset:1': [5n, 7n], 'Fileset:2': [1n << 30n] });
  second = await running(place.register, { 'Fileset:3': [11n] });
  const [bag] = await bagsOf(place.register);
  const claim = await claimed(place.register, bag!, 'approved');
  await place.register.applyTransitions(
    claim,
    [transitionOf(claim.files[0]!, 'fail'), transitionOf(claim.files[1]!, 'hash')],
    stage,
  );
});
afterAll(() => place.drop());

it('progress counts bags, and what workers have processed of claimed ones', async () => {
  const bag = (await bagsOf(place.register)).at(-1)!;
  const claim = await claimed(place.register, bag, 'approved');
  await place.register.claims.renew(claim, 60_000, 4.4);
  expect(await place.register.reports.progress(second)).toEqual([
    { state: 'approved', bags: 1, files: 1, bytes: 11n, claimed: 1, doneBytes: 4n },
  ]);
  await place.register.claims.renew(claim, 60_000, 5000);
  expect((await place.register.reports.progress(second))[0]?.doneBytes).toBe(11n); // never more than there is
  await place.register.claims.releaseClaim(claim);
  expect((await place.register.reports.progress(second))[0]).toMatchObject({ claimed: 0, doneBytes: 0n });
  const all = await place.register.reports.progress();
  expect(all.map((row) => [row.state, row.bags]).sort()).toEqual([
    ['approved', 2],
    ['hashed', 1],
  ]);
});

it('counts files and bytes by state and code', async () => {
  expect(await place.register.reports.counts(first)).toEqual([
    { state: 'approved', code: null, files: 1, bytes: 1n << 30n },
    { state: 'hashed', code: null, files: 1, bytes: 7n },
    { state: 'stuck', code: 'TROUBLE', files: 1, bytes: 5n },
  ]);
  expect((await place.register.reports.counts()).reduce((sum, row) => sum + row.files, 0)).toBe(4);
  expect(await place.register.reports.stuck(first)).toEqual([{ code: 'TROUBLE', files: 1, bytes: 5n }]);
});

it('names the first stuck files of each code', async () => {
  const { reports } = place.register;
  const [file] = await reports.files({ code: 'TROUBLE' });
  const named = { id: file!.id, fileset: 'Fileset:1', bag: `r${first}-1`, code: 'TROUBLE', stuckFrom: 'approved' };
  expect(await reports.stuckFiles()).toEqual([{ ...named, released: false }]);
  expect(await reports.stuckFiles(second)).toEqual([]);
  expect(await reports.stuckFiles(first, 0)).toEqual([]);
});

it('lists files by request, state, code and fileset, page by page', async () => {
  const { reports } = place.register;
  const all = await reports.files({});
  expect(all).toHaveLength(4);
  expect(all[0]).toMatchObject({
    requestId: first,
    fileset: 'Fileset:1',
    root: 'ManagedRepository',
    size: 5n,
    state: 'stuck',
    stuckFrom: 'approved',
    code: 'TROUBLE',
    bag: `r${first}-1`,
  });
  expect(await reports.files({ limit: 2, after: all[1]!.id })).toEqual(all.slice(2));
  expect(await reports.files({ requestId: second })).toEqual(all.slice(3));
  expect(await reports.files({ states: ['stuck', 'hashed'] })).toEqual(all.slice(0, 2));
  expect(await reports.files({ code: 'TROUBLE' })).toEqual(all.slice(0, 1));
  expect(await reports.files({ fileset: 'Fileset:2' })).toEqual(all.slice(2, 3));
  expect(await reports.file(all[2]!.id)).toEqual(all[2]);
  expect(await reports.file(999n)).toBeUndefined();
});

it('lists events newest first: of everything, a request, or a file with its bag', async () => {
  const { reports } = place.register;
  const [stuck, checksummed] = await reports.files({ requestId: first });
  expect((await reports.events({ requestId: first })).map((event) => event.what)).toEqual([
    'fail',
    'hash',
    'start',
    'approve',
    'scan',
  ]);
  expect((await reports.events({ fileId: stuck!.id }, 2)).map((event) => event.what)).toEqual(['fail', 'hash']);
  expect((await reports.events({ fileId: checksummed!.id }, 1)).map((event) => event.what)).toEqual(['hash']);
  const all = await reports.events({});
  expect(all.length).toBe(8);
  expect(await reports.events({}, 3)).toEqual(all.slice(0, 3));
});

it('gives a request another version with each event and each revision, and only then', async () => {
  const { reports } = place.register;
  const version = async (): Promise<bigint> => (await reports.versions([first])).get(first) as bigint;
  const before = await version();
  expect(await version()).toBe(before);
  await place.sql.query(`INSERT INTO event (actor, request_id, what) VALUES ('test', $1, 'look')`, [first]);
  const afterEvent = await version();
  expect(afterEvent).toBeGreaterThan(before);
  await place.sql.query('UPDATE request SET revision = revision + 1 WHERE id = $1', [first]);
  expect(await version()).toBeGreaterThan(afterEvent);
  const others = await reports.versions([undefined, 999n]);
  expect([others.get(undefined)! > 0n, others.get(999n)]).toEqual([true, 0n]);
});

it('asks the server for its clock', async () => {
  expect(Math.abs((await place.register.reports.clock()).getTime() - Date.now())).toBeLessThan(5000);
});
