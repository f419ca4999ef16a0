import { freshRegister } from '../testing/fresh-register';
import { brought, closure, draft, newFile, newImage, passed, running } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const proposal = { policy: 'old-data', title: 'Old data', objectionDays: 14 };

/** A request of filesets with one image and one file of 10 bytes each. */
async function proposed(filesets: readonly number[], change: Partial<typeof proposal> = {}): Promise<bigint> {
  return place.register.requests.create(
    { ...draft, requester: 'policy:old-data', proposal: { ...proposal, ...change } },
    closure(
      filesets.map((id) => newImage(BigInt(id), `Fileset:${id}`)),
      filesets.map((id) => newFile(`Fileset:${id}`, `x/${id}`)),
    ),
    'scanner',
  );
}

const events = async (id: bigint): Promise<readonly string[]> =>
  (await place.sql.query<{ what: string }>('SELECT what FROM event WHERE request_id = $1 ORDER BY id', [id])).rows.map(
    ({ what }) => what,
  );
const days = (count: number): Promise<unknown> =>
  place.sql.query(
    `UPDATE request SET created_at = created_at - $1 * interval '1 day', decided_at = decided_at - $1 * interval '1 day', objections_until = objections_until - $1 * interval '1 day'`,
    [count],
  );

test('while an owner can object, no one approves, and data managers do not see it', async () => {
  const { requests, proposals } = place.register;
  const id = await proposed([1, 2]);
  await expect(requests.approve(id, 'boss')).rejects.toMatchObject({ code: 'OBJECTIONS_OPEN' });
  expect(await requests.list()).toEqual([]);
  expect(await requests.inState('New')).toEqual([]);
  expect(await requests.list({ withProposals: true })).toMatchObject([{ id, policyTitle: 'Old data' }]);
  const own = { personId: draft.ownerId, groupIds: [] };
  expect(await requests.list({ visibleTo: own })).toMatchObject([{ id }]);
  expect(await requests.list({ visibleTo: { personId: 99n, groupIds: [draft.groupId] } })).toEqual([]);
  expect(await proposals.endObjections('scanner')).toBe(0);
  await days(15);
  expect(await proposals.endObjections('scanner')).toBe(1);
  expect(await events(id)).toEqual(['propose', 'objections over']);
  expect(await requests.list()).toMatchObject([{ id, objectionsUntil: null }]);
  await requests.approve(id, 'boss');
});

test('an objection declines the request, or a part of it; the rest stays a proposal', async () => {
  const { requests, proposals } = place.register;
  const id = await proposed([1, 2]);
  await requests.decline(id, 'ada', 'needed', { filesets: ['Fileset:1'] });
  const [rest, ...others] = await proposals.open();
  expect(others).toEqual([]);
  const { policyTitle, objectionsUntil } = (await requests.get(rest!.requestId))!;
  expect({ policyTitle, objectionsUntil }).toEqual({ policyTitle: 'Old data', objectionsUntil: expect.any(Date) });
  await expect(requests.approve(rest!.requestId, 'boss')).rejects.toMatchObject({ code: 'OBJECTIONS_OPEN' });
  expect(await proposals.totals()).toEqual([
    { policy: 'old-data', objecting: 1, waiting: 0, declined: 1, approved: 0 },
  ]);
});

test('without time to object, it is a request like those of people', async () => {
  const id = await proposed([1], { objectionDays: 0 });
  expect(await events(id)).toEqual(['scan']);
  await place.register.requests.approve(id, 'boss');
});

test('what was proposed is not proposed again for a time, whatever became of it', async () => {
  const { requests, proposals } = place.register;
  const id = await proposed([1]);
  expect(await proposals.notNow([1n, 2n], 365)).toEqual(new Map([[1n, `it belongs to request ${id}`]]));
  await requests.decline(id, 'ada', null);
  expect([...(await proposals.notNow([1n], 365)).values()][0]).toMatch(`was proposed in request ${id} on `);
  await days(364);
  expect((await proposals.notNow([1n], 365)).size).toBe(1);
  await days(2);
  expect((await proposals.notNow([1n], 365)).size).toBe(0);
});

test('what someone retrieved is not proposed for a time', async () => {
  const { register, sql } = place;
  const id = await running(register, { a: [10n] });
  const { rows } = await sql.query<{ image_id: string }>('SELECT image_id FROM request_image WHERE request_id = $1', [
    id,
  ]);
  const image = BigInt(rows[0]!.image_id);
  await sql.query(`UPDATE request_image SET mark_wanted = 'none' WHERE request_id = $1`, [id]);
  const { rows: made } = await sql.query<{ id: string }>(
    `INSERT INTO event (at, actor, request_id, what) VALUES (now() - interval '100 days', 'ada', $1, 'restore') RETURNING id`,
    [id],
  );
  await sql.query(`UPDATE file SET state = 'restored', retrieval_event = $2 WHERE request_id = $1`, [id, made[0]!.id]);
  expect((await register.proposals.notNow([image], 365)).get(image)).toBe(`someone retrieved it from request ${id}`);
  expect((await register.proposals.notNow([image], 90)).size).toBe(0);
});

test('what a person asked for and another declined is not proposed for a time', async () => {
  const { requests, proposals } = place.register;
  const id = await requests.create(draft, closure([newImage(1n, 'a')], [newFile('a', 'x/1')]), 'scanner');
  await requests.decline(id, 'boss', 'still needed');
  expect([...(await proposals.notNow([1n], 365)).values()][0]).toMatch(`request ${id} with it was declined on `);
  await place.sql.query(`UPDATE request SET decided_at = decided_at - interval '366 days'`);
  expect((await proposals.notNow([1n], 365)).size).toBe(0);
});

test('the bytes of a day are those of the rule, also of what was declined', async () => {
  const { requests, proposals } = place.register;
  await requests.decline(await proposed([1, 2]), 'ada', null);
  await proposed([3], { policy: 'other' });
  expect(await proposals.bytesToday('old-data')).toBe(20n);
  await days(2);
  expect(await proposals.bytesToday('old-data')).toBe(0n);
});

test('evaluations are requested once a period, run in turn, and keep their reports', async () => {
  const { policyRuns } = place.register;
  await policyRuns.askIfDue(1, 'scanner');
  await policyRuns.askIfDue(1, 'scanner');
  const id = await policyRuns.ask('old-data', 'boss');
  const first = await policyRuns.begin();
  expect(first).toMatchObject({ policy: null });
  expect(await policyRuns.begin()).toEqual(first);
  await policyRuns.finish(first!.id, { rules: [] }, null);
  expect(await policyRuns.begin()).toEqual({ id, policy: 'old-data' });
  await policyRuns.finish(id, null, 'BROKEN: it broke');
  expect(await policyRuns.begin()).toBeUndefined();
  expect(await policyRuns.last()).toMatchObject({ id, failed: 'BROKEN: it broke', askedBy: 'boss' });
  await place.sql.query(`UPDATE policy_run SET asked_at = asked_at - interval '25 hours'`);
  await policyRuns.askIfDue(1, 'scanner');
  expect(await policyRuns.begin()).toMatchObject({ policy: null });
});

test('a bag is moved once its time in the store is over, and only if all of it rests there', async () => {
  const { register, sql } = place;
  const id = await running(register, { a: [10n] });
  const { rows } = await sql.query<{ id: string }>('SELECT id FROM bag WHERE request_id = $1', [id]);
  const bag = BigInt(rows[0]!.id);
  const rule = { policy: 'tape', from: 'main', afterDays: 90 };
  const later = new Date(Date.now() + 91 * 86_400_000);
  const due = async (change: object = {}, now = later) =>
    (await register.tierMoves.due({ ...rule, ...change }, 10, now)).map((one) => one.id);
  await brought(register, bag, 'sealed');
  expect(await due()).toEqual([]);
  await passed(register, bag, 'sealed');
  await sql.query('UPDATE bag SET sealed_at = now()');
  expect(await due()).toEqual([bag]);
  expect(await due({}, new Date(Date.now() + 89 * 86_400_000))).toEqual([]);
  expect(await due({ from: 'other' })).toEqual([]);
  expect([await due({ groups: ['Lab'] }), await due({ groups: ['x'] })]).toEqual([[bag], []]);
  expect([await due({ owners: ['ada'] }), await due({ owners: ['x'] })]).toEqual([[bag], []]);
  expect([await due({ notGroups: ['Lab'] }), await due({ notOwners: ['ada'] })]).toEqual([[], []]);
  await register.tierMoves.moved('tape', await register.tierMoves.due(rule, 10, later));
  expect([await register.tierMoves.bytesToday('tape'), await register.tierMoves.bytesToday('x')]).toEqual([10n, 0n]);
  expect(await register.moves.ask([bag], { from: 'main', to: 'tape' }, 'policy:tape')).toBe(1);
  expect(await due()).toEqual([]);
});
