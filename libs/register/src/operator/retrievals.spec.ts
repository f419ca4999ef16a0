import type { FileState, WorkState } from '@coldroom/domain';
import type { Target } from './targets';
import { freshRegister } from '../testing/fresh-register';
import {
  bagsOf,
  brought,
  broughtBack,
  claimed,
  closure,
  draft,
  transitionOf,
  newFile,
  newImage,
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
const restore = { way: 'restore', days: 0 } as const;
const recall = (days = 3) => ({ way: 'recall', days }) as const;
const whole = (id: bigint): Target => ({ kind: 'Request', ids: [id] });

const ask = (id: bigint, order: Parameters<typeof place.register.retrievals.ask>[1] = restore) =>
  place.register.retrievals.ask(whole(id), order, 'boss');

/** A request of files of these sizes, all of it `linked` or `released`, with its bags. */
async function archived(
  filesets: Readonly<Record<string, readonly bigint[]>>,
  until: 'linked' | 'released' = 'released',
): Promise<{ readonly id: bigint; readonly bags: readonly bigint[] }> {
  const id = await running(place.register, filesets);
  const { rows } = await place.sql.query<{ id: string }>('SELECT id FROM bag WHERE request_id = $1 ORDER BY id', [id]);
  const bags = rows.map((row) => BigInt(row.id));
  for (const state of ['sealed', until] as const) for (const bag of bags) await broughtOn(bag, state);
  return { id, bags };
}

async function broughtOn(bag: bigint, until: 'sealed' | 'linked' | 'released'): Promise<void> {
  if (until === 'sealed') return brought(place.register, bag, 'sealed');
  await passed(place.register, bag, 'sealed');
  if (until === 'released') await passed(place.register, bag, 'linked');
}

async function failed(bag: bigint, state: WorkState, howMany = Infinity): Promise<void> {
  const claim = await claimed(place.register, bag, state);
  await place.register.applyTransitions(
    claim,
    claim.files.slice(0, howMany).map((file) => transitionOf(file, 'fail')),
    stage,
  );
}

/** Places the proven files of a bag. */
async function placed(bag: bigint, to: 'restored' | 'recalled'): Promise<void> {
  const claim = await claimed(place.register, bag, 'fetchVerified');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => ({ id: file.id, event: 'place', from: 'fetchVerified', to })),
    stage,
  );
}

async function filesOf(id: bigint): Promise<
  {
    state: FileState;
    retrieval: string | null;
    online_until: Date | null;
    copy_attempts: number;
    retrieval_requested_by: string | null;
  }[]
> {
  const { rows } = await place.sql.query('SELECT * FROM file WHERE request_id = $1 ORDER BY path', [id]);
  return rows;
}

async function marksOf(id: bigint): Promise<string[]> {
  const { rows } = await place.sql.query(
    'SELECT mark_wanted FROM request_image WHERE request_id = $1 ORDER BY image_id',
    [id],
  );
  return rows.map((row) => row.mark_wanted);
}

const stateOf = async (id: bigint): Promise<string | undefined> => (await place.register.requests.get(id))?.state;

describe('plan', () => {
  it('lists what is fetched by store, what is held, what is under way and what cannot come', async () => {
    const released = await archived({ 'Fileset:1': [GiB, 1n], 'Fileset:2': [5n] });
    const held = await archived({ 'Fileset:3': [7n, 8n] }, 'linked');
    const early = await running(place.register, { 'Fileset:4': [2n] });
    const all: Target = { kind: 'Request', ids: [released.id, held.id, early] };
    expect(await place.register.retrievals.plan(all, 'restore')).toEqual({
      fetch: [{ store: 'main', files: 3, bytes: GiB + 6n }],
      filesets: 3,
      images: 3,
      held: { files: 2, bytes: 15n },
      underWay: { files: 0, bytes: 0n },
      notArchived: { files: 1, filesets: 1, states: ['approved'] },
    });
    expect(await place.register.retrievals.plan(all, 'recall')).toMatchObject({
      fetch: [{ files: 5 }],
      held: { files: 0 },
    });
    await ask(released.id);
    expect(await place.register.retrievals.plan(all, 'restore')).toMatchObject({
      fetch: [],
      filesets: 1,
      images: 1,
      underWay: { files: 3, bytes: GiB + 6n },
    });
    expect(await statesOf(place.register, early)).toEqual(['approved']);
  });

  it('counts what is online as under way for a recall, and as something to fetch for a restore', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n] });
    await ask(id, recall());
    await broughtBack(place.register, bag!, 'fetchVerified');
    await placed(bag!, 'recalled');
    expect(await place.register.retrievals.plan(whole(id), 'recall')).toMatchObject({
      fetch: [],
      underWay: { files: 1 },
    });
    expect(await place.register.retrievals.plan(whole(id), 'restore')).toMatchObject({
      fetch: [{ files: 1 }],
      underWay: { files: 0 },
    });
  });
});

describe('ask', () => {
  it('takes whole filesets whatever was named, also across bags, and nothing else', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [GiB, GiB], 'Fileset:2': [1n] });
    const [first] = await place.register.reports.files({ requestId: id, limit: 10 });
    expect(first?.fileset).toBe('Fileset:1');
    expect(await place.register.retrievals.ask({ kind: 'File', ids: [first!.id] }, restore, 'boss')).toMatchObject({
      asked: 2,
      undoing: 0,
      prolonged: 0,
    });
    expect(await statesOf(place.register, id)).toEqual(['retrieving', 'retrieving', 'released']);
    expect((await place.register.claims.due(['retrieving'])).map((due) => due.bagId).sort()).toEqual(bags.slice(0, 2));
    expect((await filesOf(id)).map((file) => [file.retrieval, file.retrieval_requested_by])).toEqual([
      ['restore', 'boss'],
      ['restore', 'boss'],
      [null, null],
    ]);
    expect(await place.register.retrievals.ask({ kind: 'File', ids: [first!.id] }, restore, 'boss')).toMatchObject({
      asked: 0,
      undoing: 0,
      prolonged: 0,
    });
    const told = await place.register.reports.events({ requestId: id }, 100);
    expect(
      told
        .filter((event) => event.what === 'restore')
        .map((event) => [event.actor, event.from, event.to, event.detail]),
    ).toEqual([
      ['boss', 'released', 'retrieving', { files: 1 }],
      ['boss', 'released', 'retrieving', { files: 1 }],
    ]);
  });

  it('is an undo where all is held, and fetches all where a part is not', async () => {
    const held = await archived({ 'Fileset:1': [GiB, GiB] }, 'linked');
    expect(await ask(held.id)).toMatchObject({ asked: 0, undoing: 2, prolonged: 0 });
    expect(await statesOf(place.register, held.id)).toEqual(['undoing', 'undoing']);
    const mixed = await archived({ 'Fileset:2': [GiB, GiB] }, 'linked');
    await passed(place.register, mixed.bags[0]!, 'linked');
    expect(await statesOf(place.register, mixed.id)).toEqual(['released', 'linked']);
    expect(await ask(mixed.id)).toMatchObject({ asked: 2, undoing: 0, prolonged: 0 });
    expect(await statesOf(place.register, mixed.id)).toEqual(['retrieving', 'retrieving']);
  });

  it('leaves alone a fileset that is not archived as a whole', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [GiB, GiB] }, 'linked');
    await failed(bags[1]!, 'linked');
    expect(await ask(id)).toMatchObject({ asked: 0, undoing: 0, prolonged: 0 });
    expect(await ask(id, recall())).toMatchObject({ asked: 0, undoing: 0, prolonged: 0 });
    const early = await running(place.register, { 'Fileset:3': [GiB, GiB] });
    expect(await ask(early)).toMatchObject({ asked: 0, undoing: 0, prolonged: 0 });
    expect([await statesOf(place.register, id), await statesOf(place.register, early)]).toEqual([
      ['linked', 'stuck'],
      ['approved', 'approved'],
    ]);
  });

  it('takes the rest of a fileset of which a part is already in place', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [GiB, GiB] }, 'linked');
    await passed(place.register, bags[1]!, 'linked');
    expect(await place.register.operator.undo(whole(id), 'boss')).toMatchObject({ undoing: 1, released: 1 });
    await passed(place.register, bags[0]!, 'undoing');
    expect(await statesOf(place.register, id)).toEqual(['undone', 'released']);
    expect(await ask(id)).toMatchObject({ asked: 1 });
    await broughtBack(place.register, bags[1]!, 'fetchVerified');
    expect(await place.register.claims.fetchedFilesets(id, ['Fileset:1'])).toEqual(new Set(['Fileset:1']));
  });

  it('is BAG_BUSY while a worker holds a bag of the fileset, and changes nothing', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [GiB, GiB] }, 'linked');
    const claim = await claimed(place.register, bags[1]!, 'linked');
    await expect(ask(id)).rejects.toMatchObject({ kind: 'not-yet', code: 'BAG_BUSY' });
    await expect(place.register.retrievals.cancel(whole(id), 'boss')).rejects.toMatchObject({ code: 'BAG_BUSY' });
    expect(await statesOf(place.register, id)).toEqual(['linked', 'linked']);
    expect(await place.register.claims.renew(claim, 1000, 0)).toBe(true);
  });

  it('makes a bag due that was postponed while its originals were held', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n] }, 'linked');
    await place.sql.query(`UPDATE bag SET not_before = now() + interval '7 days'`);
    await ask(id, recall());
    expect(await place.register.claims.due(['retrieving'])).toEqual([{ bagId: bag, state: 'retrieving' }]);
  });
});

describe('a recall', () => {
  async function online(
    filesets: Readonly<Record<string, readonly bigint[]>>,
    days = 3,
  ): Promise<{ readonly id: bigint; readonly bags: readonly bigint[] }> {
    const made = await archived(filesets);
    await ask(made.id, recall(days));
    for (const bag of made.bags) await broughtBack(place.register, bag, 'fetchVerified');
    for (const bag of made.bags) await placed(bag, 'recalled');
    return made;
  }
  const daysLeft = async (id: bigint): Promise<number[]> =>
    (await filesOf(id)).map((file) => Math.round(((file.online_until?.getTime() ?? 0) - Date.now()) / 86_400_000));

  it('ends on time, is prolonged by another and never shortened, and is archived throughout', async () => {
    const { id } = await online({ 'Fileset:1': [1n, 1n] });
    expect([await statesOf(place.register, id), await daysLeft(id), await marksOf(id), await stateOf(id)]).toEqual([
      ['recalled', 'recalled'],
      [3, 3],
      ['archived'],
      'Finished',
    ]);
    expect(await ask(id, recall(9))).toMatchObject({ asked: 0, undoing: 0, prolonged: 2 });
    expect(await ask(id, recall(1))).toMatchObject({ asked: 0, undoing: 0, prolonged: 2 });
    expect(await daysLeft(id)).toEqual([9, 9]);
    const told = await place.register.reports.events({ requestId: id }, 100);
    expect(told.filter((event) => event.what === 'prolong').map((event) => [event.actor, event.detail])).toEqual([
      ['boss', { files: 2, days: 1 }],
      ['boss', { files: 2, days: 9 }],
    ]);
  });

  it('proceeds bag by bag: a bag that is online already does not block the next', async () => {
    const {
      id,
      bags: [a, b],
    } = await archived({ 'Fileset:1': [GiB, GiB] });
    await ask(id, recall());
    for (const bag of [a!, b!]) await broughtBack(place.register, bag, 'fetchVerified');
    await placed(a!, 'recalled');
    expect(await place.register.claims.fetchedFilesets(id, ['Fileset:1'])).toEqual(new Set(['Fileset:1']));
    expect(await statesOf(place.register, id)).toEqual(['recalled', 'fetchVerified']);
  });

  it('of a fileset that is online in part fetches the rest, and prolongs what is online', async () => {
    const {
      id,
      bags: [a],
    } = await online({ 'Fileset:1': [GiB, GiB] });
    await passed(place.register, a!, 'recalled');
    expect(await statesOf(place.register, id)).toEqual(['linked', 'recalled']);
    expect(await ask(id, recall(9))).toMatchObject({ asked: 1, undoing: 0, prolonged: 1 });
    await broughtBack(place.register, a!, 'fetchVerified');
    expect(await place.register.claims.fetchedFilesets(id, ['Fileset:1'])).toEqual(new Set(['Fileset:1']));
  });

  it('with a stuck file does not become a restore before a person has acted', async () => {
    const {
      id,
      bags: [bag],
    } = await online({ 'Fileset:1': [1n, 1n] });
    await failed(bag!, 'recalled', 1);
    expect(await ask(id)).toMatchObject({ asked: 0, undoing: 0, prolonged: 0 });
    await place.register.operator.retry(whole(id), () => 'none', 'boss');
    expect(await ask(id)).toMatchObject({ asked: 2, undoing: 0, prolonged: 0 });
  });

  it('may become a restore, which fetches again, and is a recall again after a cancel', async () => {
    const { id } = await online({ 'Fileset:1': [1n] });
    expect(await ask(id)).toMatchObject({ asked: 1, undoing: 0, prolonged: 0 });
    expect((await filesOf(id))[0]).toMatchObject({
      state: 'retrieving',
      retrieval: 'restore',
      online_until: expect.any(Date),
    });
    expect(await place.register.retrievals.cancel(whole(id), 'boss')).toBe(1);
    expect([await statesOf(place.register, id), await daysLeft(id)]).toEqual([['recalled'], [3]]);
  });

  it('expires into linked, with the hold as it was', async () => {
    const {
      id,
      bags: [bag],
    } = await online({ 'Fileset:1': [1n] });
    await passed(place.register, bag!, 'recalled');
    expect((await filesOf(id))[0]).toMatchObject({ state: 'linked', online_until: null });
    expect(await place.register.claims.due(['linked'])).toEqual([{ bagId: bag, state: 'linked' }]);
  });
});

describe('cancel', () => {
  it.each(['retrieving', 'online', 'fetched', 'fetchVerified'] as const)(
    'gives up what is %s, stuck or not',
    async (state) => {
      const {
        id,
        bags: [bag],
      } = await archived({ 'Fileset:1': [1n, 1n] });
      await ask(id);
      await broughtBack(place.register, bag!, state);
      await failed(bag!, state, 1);
      expect(await stateOf(id)).toBe('Error');
      expect(await place.register.retrievals.cancel(whole(id), 'boss')).toBe(2);
      expect([await statesOf(place.register, id), await stateOf(id), await marksOf(id)]).toEqual([
        ['linked', 'linked'],
        'Finished',
        ['archived'],
      ]);
      expect(await place.register.claims.due(['linked'])).toEqual([{ bagId: bag, state: 'linked' }]);
      expect(await place.register.retrievals.cancel(whole(id), 'boss')).toBe(0);
    },
  );

  it('does not make the next restore believe that the original is held', async () => {
    const { id } = await archived({ 'Fileset:1': [1n] });
    await ask(id);
    await place.register.retrievals.cancel(whole(id), 'boss');
    expect((await place.register.retrievals.plan(whole(id), 'restore')).held.files).toBe(0);
    expect(await ask(id)).toMatchObject({ asked: 1, undoing: 0, prolonged: 0 });
  });

  it('leaves what is archived, online or back as it is', async () => {
    const { id } = await archived({ 'Fileset:1': [1n] });
    expect(await place.register.retrievals.cancel(whole(id), 'boss')).toBe(0);
    expect(await statesOf(place.register, id)).toEqual(['released']);
  });
});

describe('a stuck file being retrieved', () => {
  const cases = (['retrieving', 'online', 'fetched', 'fetchVerified'] as const).map(
    (from) => [from, from === 'fetchVerified' ? 'fetchVerified' : 'retrieving'] as const,
  );

  it.each(cases)('from %s goes to %s on a retry, in its own bag, and its failures are forgotten', async (from, to) => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n] });
    await ask(id);
    await broughtBack(place.register, bag!, from);
    await place.sql.query('UPDATE file SET copy_attempts = 2');
    await failed(bag!, from);
    expect(
      await place.register.operator.retry(
        whole(id),
        () => {
          throw new Error('a new bag');
        },
        'boss',
      ),
    ).toBe(1);
    expect([await statesOf(place.register, id), (await filesOf(id))[0]!.copy_attempts]).toEqual([[to], 0]);
    expect(await place.register.claims.due([to])).toEqual([{ bagId: bag, state: to }]);
  });

  it.each(['undo', 'abandon'] as const)('is not touched by an %s, stuck or not', async (act) => {
    const { id, bags } = await archived({ 'Fileset:1': [GiB, GiB] });
    await ask(id);
    await failed(bags[0]!, 'retrieving');
    await broughtBack(place.register, bags[1]!, 'fetchVerified');
    const result = await place.register.operator[act](whole(id), 'boss');
    expect(act === 'undo' ? result : { abandoned: result }).toMatchObject({ abandoned: 0 });
    expect(await statesOf(place.register, id)).toEqual(['stuck', 'fetchVerified']);
  });

  it('blocks the others of its fileset until it is retried, and then makes them due', async () => {
    const {
      id,
      bags: [a, b],
    } = await archived({ 'Fileset:1': [GiB, GiB] });
    await ask(id);
    await broughtBack(place.register, a!, 'fetchVerified');
    await broughtBack(place.register, b!, 'fetched');
    await place.register.claims.postpone(
      await claimed(place.register, a!, 'fetchVerified'),
      3_600_000,
      new Error('waits'),
      false,
    );
    await failed(b!, 'fetched');
    expect((await place.register.claims.fetchedFilesets(id, ['Fileset:1'])).size).toBe(0);
    expect(await place.register.claims.due(['fetchVerified'])).toEqual([]);
    await place.register.operator.retry(whole(id), () => 'none', 'boss');
    await broughtBack(place.register, b!, 'fetched');
    expect((await passed(place.register, b!, 'fetched')).map((due) => due.bagId).sort()).toEqual([a, b]);
  });
});

it('the request and its marks follow the retrieval', async () => {
  const {
    id,
    bags: [a, b],
  } = await archived({ 'Fileset:1': [GiB, GiB], 'Fileset:2': [1n] });
  const seen = async (): Promise<unknown> => [await stateOf(id), await marksOf(id)];
  expect(await seen()).toEqual(['Finished', ['archived', 'archived']]);
  await place.register.retrievals.ask({ kind: 'Fileset', names: ['Fileset:1'] }, restore, 'boss');
  expect(await seen()).toEqual(['Running', ['archived', 'archived']]);
  for (const bag of [a!, b!]) await broughtBack(place.register, bag, 'fetchVerified');
  await placed(a!, 'restored');
  expect(await seen()).toEqual(['Running', ['archived', 'archived']]);
  expect(await place.register.claims.fetchedFilesets(id, ['Fileset:1'])).toEqual(new Set(['Fileset:1'])); // one half is back, the other may follow
  await placed(b!, 'restored');
  expect(await seen()).toEqual(['Finished', ['none', 'archived']]);
  expect((await place.register.marks.pending()).filter((mark) => mark.wanted === 'none')).toMatchObject([
    { dropNote: true },
  ]);
});

it('what is back may be archived again, and retrieved again', async () => {
  for (const round of [1, 2]) {
    const id = await place.register.requests.create(
      draft,
      closure([newImage(7n, 'Fileset:7')], [newFile('Fileset:7', 'again/a')]),
      'scanner',
    );
    await place.register.requests.approve(id, 'boss');
    await place.register.requests.start(id, 'main', () => `round-${round}`, 'scanner');
    const [bag] = (await bagsOf(place.register)) as [bigint];
    await brought(place.register, bag, 'released');
    expect(await place.register.retrievals.ask({ kind: 'Image', ids: [7n] }, restore, 'boss')).toMatchObject({
      asked: 1,
    });
    await broughtBack(place.register, bag, 'fetchVerified');
    await placed(bag, 'restored');
    expect(await statesOf(place.register, id)).toEqual(['restored']);
  }
  expect(await place.register.retrievals.ask({ kind: 'Image', ids: [7n] }, restore, 'boss')).toMatchObject({
    asked: 0,
    undoing: 0,
    prolonged: 0,
  });
  expect(await place.register.retrievals.plan({ kind: 'Image', ids: [7n] }, 'restore')).toMatchObject({
    filesets: 0,
    images: 0,
    notArchived: { files: 0 },
  });
});

it('two bags that finish a fetched fileset at the same time: one makes all waiting bags due', async () => {
  for (let nr = 0; nr < 8; nr += 1) {
    const { id, bags } = await archived({ [`Fileset:${nr}`]: [GiB, GiB, GiB] });
    const [sleeper, ...others] = bags as [bigint, bigint, bigint];
    await ask(id);
    await broughtBack(place.register, sleeper, 'fetchVerified');
    await place.register.claims.postpone(
      await claimed(place.register, sleeper, 'fetchVerified'),
      3_600_000,
      new Error('waits'),
      false,
    );
    for (const bag of others) await broughtBack(place.register, bag, 'fetched');
    const dueNow = await Promise.all(others.map((bag) => passed(place.register, bag, 'fetched')));
    expect(dueNow.flat().filter((due) => due.bagId === sleeper)).toHaveLength(1);
    expect((await place.register.claims.due(['fetchVerified'])).map((due) => due.bagId)).toEqual(
      expect.arrayContaining([...bags]),
    );
    await place.register.retrievals.cancel(whole(id), 'boss');
    for (const bag of bags) await passed(place.register, bag, 'linked');
  }
});

it('an original that an undo no longer finds held comes from the store', async () => {
  const {
    id,
    bags: [bag],
  } = await archived({ 'Fileset:1': [1n] }, 'linked');
  await place.register.operator.undo(whole(id), 'boss');
  const claim = await claimed(place.register, bag!, 'undoing');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => ({ id: file.id, event: 'restore', from: 'undoing', to: 'retrieving' })),
    stage,
  );
  expect((await filesOf(id))[0]).toMatchObject({ state: 'retrieving', retrieval: 'restore' });
  expect([await marksOf(id), await stateOf(id)]).toEqual([['archived'], 'Running']);
});
