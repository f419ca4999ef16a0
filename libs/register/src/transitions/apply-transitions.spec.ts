import type { Transition } from './transition';
import { freshRegister } from '../testing/fresh-register';
import {
  bagsOf,
  brought,
  claimed,
  identity,
  transitionOf,
  passed,
  running,
  stage,
  statesOf,
} from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const GiB = 1n << 30n;

async function only(): Promise<bigint> {
  const bags = await bagsOf(place.register);
  expect(bags).toHaveLength(1);
  return bags[0] as bigint;
}

async function marks(): Promise<string[]> {
  const { rows } = await place.sql.query('SELECT mark_wanted FROM request_image ORDER BY image_id');
  return rows.map((row) => row.mark_wanted);
}

describe('a transition', () => {
  it('records facts, and keeps those that it does not name', async () => {
    await running(place.register, { 'Fileset:1': [1n] });
    const bag = await only();
    const first = await claimed(place.register, bag, 'approved');
    const [file] = first.files;
    const digests = { 'SHA-256': 'ab'.repeat(32), 'SHA1-160': 'cd'.repeat(20) };
    const due = await place.register.applyTransitions(
      first,
      [{ ...transitionOf(file!, 'hash'), digests, identity: identity(1n, 99n) }],
      stage,
    );
    expect(due).toEqual([{ bagId: bag, state: 'hashed' }]);
    await passed(place.register, bag, 'hashed');
    const third = await claimed(place.register, bag, 'copied');
    await place.register.applyTransitions(
      third,
      [{ ...transitionOf(third.files[0]!, 'verify'), copyVersion: 'v1', copyDigest: 'd1', copyRead: 'direct' }],
      { ...stage, sealed: true },
    );
    const [now] = (await claimed(place.register, bag, 'verified')).files;
    expect(now).toMatchObject({
      state: 'verified',
      digests,
      identity: identity(1n, 99n),
      copyVersion: 'v1',
      copyDigest: 'd1',
      copyRead: 'direct',
      copyAttempts: 0,
      linkedAt: null,
    });
    const { rows } = await place.sql.query('SELECT sealed_at, claimed_by FROM bag');
    expect(rows[0].sealed_at).toBeInstanceOf(Date);
  });

  it('counts copies that must be made again', async () => {
    await running(place.register, { 'Fileset:1': [1n] });
    const bag = await only();
    for (const round of [1, 2]) {
      for (const state of ['approved', 'hashed'] as const)
        if (round === 1 || state === 'hashed') await passed(place.register, bag, state);
      const claim = await claimed(place.register, bag, 'copied');
      await place.register.applyTransitions(
        claim,
        [{ ...transitionOf(claim.files[0]!, 'copyAgain'), code: 'COPY_DIFFERS', reason: 'one bit' }],
        stage,
      );
    }
    expect((await claimed(place.register, bag, 'hashed')).files[0]?.copyAttempts).toBe(2);
    expect((await place.register.reports.events({}))[0]).toMatchObject({
      what: 'copyAgain',
      code: 'COPY_DIFFERS',
      fileId: expect.any(BigInt),
    });
  });

  it('that is not in the table is refused before anything happens', async () => {
    await running(place.register, { 'Fileset:1': [1n] });
    const claim = await claimed(place.register, await only(), 'approved');
    const wrong: Transition[] = [
      { id: claim.files[0]!.id, event: 'link', from: 'approved', to: 'linked' },
      { id: claim.files[0]!.id, event: 'hash', from: 'approved', to: 'sealed' },
    ];
    for (const move of wrong)
      await expect(place.register.applyTransitions(claim, [move], stage)).rejects.toThrow(RangeError);
    expect(await place.register.claims.renew(claim, 1000, 0)).toBe(true);
  });

  it.each<[string, (ids: readonly bigint[]) => Transition[]]>([
    [
      'a file stands elsewhere',
      ([a, b]) => [
        transitionOf({ id: a!, state: 'approved' }, 'hash'),
        transitionOf({ id: b!, state: 'hashed' }, 'copy'),
      ],
    ],
    [
      'a file is named twice',
      ([a]) => [
        transitionOf({ id: a!, state: 'approved' }, 'hash'),
        transitionOf({ id: a!, state: 'approved' }, 'hash'),
      ],
    ],
    [
      'a file is of another bag',
      ([a, , , d]) => [
        transitionOf({ id: a!, state: 'approved' }, 'hash'),
        transitionOf({ id: d!, state: 'approved' }, 'hash'),
      ],
    ],
    [
      'there is no such file',
      ([a]) => [
        transitionOf({ id: a!, state: 'approved' }, 'hash'),
        transitionOf({ id: 999n, state: 'approved' }, 'hash'),
      ],
    ],
  ])('changes nothing at all where %s', async (_name, transitions) => {
    const id = await running(place.register, { 'Fileset:1': [1n, 1n, 1n], 'Fileset:2': [GiB] });
    const [bag] = await bagsOf(place.register);
    const claim = await claimed(place.register, bag!, 'approved');
    const ids = (await place.register.reports.files({ requestId: id })).map((file) => file.id);
    const events = await place.register.reports.events({});
    await expect(place.register.applyTransitions(claim, transitions(ids), stage)).rejects.toThrow(
      'were where they should be',
    );
    expect(await statesOf(place.register, id)).toEqual(['approved', 'approved', 'approved', 'approved']);
    expect(await place.register.reports.events({})).toEqual(events);
    expect(await place.register.claims.renew(claim, 1000, 0)).toBe(true); // the claim is still valid
  });

  it('of single files sets the stuck ones aside and lets the rest of the bag continue', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n, 1n, 1n] });
    const bag = await only();
    const claim = await claimed(place.register, bag, 'approved');
    const [a, b, c] = claim.files;
    expect(
      await place.register.applyTransitions(
        claim,
        [transitionOf(a!, 'hash'), transitionOf(b!, 'fail'), transitionOf(c!, 'hash')],
        stage,
      ),
    ).toEqual([{ bagId: bag, state: 'hashed' }]);
    expect(await statesOf(place.register, id)).toEqual(['hashed', 'stuck', 'hashed']);
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Error', stuck: 1 });
    expect(await place.register.reports.file(b!.id)).toMatchObject({
      state: 'stuck',
      stuckFrom: 'approved',
      code: 'TROUBLE',
      reason: 'as the test wants it',
    });
    const events = (await place.register.reports.events({ fileId: b!.id })).slice(0, 2);
    expect(events.map((event) => [event.what, event.from, event.to, event.code, event.fileId])).toEqual([
      ['fail', 'approved', 'stuck', 'TROUBLE', b!.id],
      ['hash', 'approved', 'hashed', null, null],
    ]);
    expect(events[1]?.detail).toEqual({ stage: 'test', store: 'main', files: 2, bytes: 2, fence: 1 });
  });

  it('leaves a bag in the state of its least advanced file', async () => {
    await running(place.register, { 'Fileset:1': [1n, 1n] });
    const bag = await only();
    const claim = await claimed(place.register, bag, 'approved');
    expect(await place.register.applyTransitions(claim, [transitionOf(claim.files[0]!, 'hash')], stage)).toEqual([
      { bagId: bag, state: 'approved' },
    ]);
    expect((await claimed(place.register, bag, 'approved')).files).toHaveLength(1);
  });

  it('with a delay is offered later', async () => {
    await running(place.register, { 'Fileset:1': [1n] });
    const bag = await only();
    await brought(place.register, bag, 'sealed');
    const claim = await claimed(place.register, bag, 'sealed');
    expect(
      await place.register.applyTransitions(
        claim,
        claim.files.map((file) => transitionOf(file, 'link')),
        { ...stage, delayMs: 60_000 },
      ),
    ).toEqual([]);
    expect(await place.register.claims.due(['linked'])).toEqual([]);
    expect((await place.register.claims.filesOf(bag, 'linked'))[0]?.linkedAt).toBeInstanceOf(Date);
  });
});

describe('a fileset in several bags', () => {
  it('makes the bags that waited for it due, at once and automatically', async () => {
    await running(place.register, { 'Fileset:1': [GiB, GiB, GiB] });
    const [a, b, c] = (await bagsOf(place.register)) as [bigint, bigint, bigint];
    for (const bag of [a, b]) {
      await brought(place.register, bag, 'sealed');
      await place.register.claims.postpone(
        await claimed(place.register, bag, 'sealed'),
        3_600_000,
        new Error('waits'),
        false,
      );
    }
    expect(await place.register.claims.due(['sealed'])).toEqual([]);
    await brought(place.register, c, 'verified');
    const due = await passed(place.register, c, 'verified');
    expect(due.map((bag) => bag.bagId).sort()).toEqual([a, b, c]);
    expect(await place.register.claims.due(['sealed'])).toHaveLength(3);
    expect((await claimed(place.register, a, 'sealed')).waitingSince).toBeNull();
  });

  it('makes a bag due that was checked too early and postponed too late', async () => {
    const id = await running(place.register, { 'Fileset:1': [GiB, GiB] });
    const [a, b] = (await bagsOf(place.register)) as [bigint, bigint];
    await brought(place.register, a, 'sealed');
    const linker = await claimed(place.register, a, 'sealed');
    expect((await place.register.claims.completeFilesets(id, ['Fileset:1'])).size).toBe(0);
    await brought(place.register, b, 'verified');
    expect(await passed(place.register, b, 'verified')).toEqual([{ bagId: b, state: 'sealed' }]); // a is held: it is flagged, not offered
    await place.register.claims.postpone(linker, 3_600_000, new Error('waits'), false);
    expect((await place.register.claims.due(['sealed'])).map((bag) => bag.bagId).sort()).toEqual([a, b]);
    // Only once: the next postponement lasts.
    await place.register.claims.postpone(
      await claimed(place.register, a, 'sealed'),
      3_600_000,
      new Error('stopped'),
      false,
    );
    expect((await place.register.claims.due(['sealed'])).map((bag) => bag.bagId)).toEqual([b]);
  });

  it('shortens neither the pause after a failure nor the hold of what is linked', async () => {
    await running(place.register, { 'Fileset:1': [GiB, GiB] });
    const [a, b] = (await bagsOf(place.register)) as [bigint, bigint];
    await brought(place.register, a, 'sealed');
    const failing = await claimed(place.register, a, 'sealed');
    await brought(place.register, b, 'verified');
    await passed(place.register, b, 'verified');
    await place.register.claims.postpone(failing, 3_600_000, new Error('store unavailable'), true);
    expect((await place.register.claims.due(['sealed'])).map((bag) => bag.bagId)).toEqual([b]);

    await place.sql.query('UPDATE bag SET due_now = true, not_before = now()');
    const claim = await claimed(place.register, b, 'sealed');
    await place.sql.query('UPDATE bag SET due_now = true');
    expect(
      await place.register.applyTransitions(
        claim,
        claim.files.map((file) => transitionOf(file, 'link')),
        { ...stage, delayMs: 60_000 },
      ),
    ).toEqual([]);
  });

  it('makes no bag due while one of its files is stuck', async () => {
    await running(place.register, { 'Fileset:1': [GiB, GiB, GiB] });
    const [a, b, c] = (await bagsOf(place.register)) as [bigint, bigint, bigint];
    await brought(place.register, a, 'sealed');
    await place.register.claims.postpone(
      await claimed(place.register, a, 'sealed'),
      3_600_000,
      new Error('waits'),
      false,
    );
    const claim = await claimed(place.register, b, 'approved');
    await place.register.applyTransitions(claim, [transitionOf(claim.files[0]!, 'fail')], stage);
    await brought(place.register, c, 'verified');
    expect((await passed(place.register, c, 'verified')).map((bag) => bag.bagId)).toEqual([c]);
  });
});

describe('what the request and its marks show', () => {
  it('follows a fileset through to its release', async () => {
    const id = await running(place.register, { 'Fileset:1': [GiB, GiB], 'Fileset:2': [GiB] });
    const [a, b, c] = (await bagsOf(place.register)) as [bigint, bigint, bigint];
    const state = async (): Promise<string | undefined> => (await place.register.requests.get(id))?.state;
    for (const bag of [a, b, c]) await brought(place.register, bag, 'sealed');
    expect(await marks()).toEqual(['pending', 'pending']);
    await passed(place.register, a, 'sealed');
    expect(await marks()).toEqual(['pending', 'pending']); // half a fileset is not archived
    await passed(place.register, b, 'sealed');
    expect(await marks()).toEqual(['archived', 'pending']);
    expect(await state()).toBe('Running');
    await passed(place.register, c, 'sealed');
    expect(await marks()).toEqual(['archived', 'archived']);
    expect(await state()).toBe('Finished');
    for (const bag of [a, b, c]) await passed(place.register, bag, 'linked');
    expect(await state()).toBe('Finished');
    expect(await marks()).toEqual(['archived', 'archived']);
    expect(await place.register.claims.due(['linked', 'sealed'])).toEqual([]);
    expect((await place.register.reports.progress(id)).map((row) => [row.state, row.bags])).toEqual([['done', 3]]);
  });

  it('is Error while something is stuck, and Finished only when nothing is left to do', async () => {
    const id = await running(place.register, { 'Fileset:1': [1n, 1n] });
    const bag = await only();
    const claim = await claimed(place.register, bag, 'approved');
    await place.register.applyTransitions(
      claim,
      claim.files.map((file) => transitionOf(file, 'fail')),
      stage,
    );
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Error', stuck: 2 });
    expect(await place.register.claims.due(['approved'])).toEqual([]); // stuck files keep no bag on the queue
    await place.register.operator.abandon({ kind: 'Request', ids: [id] }, 'boss');
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Finished', stuck: 0 });
    expect(await marks()).toEqual(['none']);
  });
});
