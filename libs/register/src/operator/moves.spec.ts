import type { FileState, ProvenCopy, WorkState } from '@coldroom/domain';
import type { Transition, TransitionOptions } from '../transitions/transition';
import { freshRegister } from '../testing/fresh-register';
import { brought, claimed, transitionOf, passed, running, stage, statesOf } from '../testing/sample-request';

let place: Awaited<ReturnType<typeof freshRegister>>;
beforeEach(async () => {
  place = await freshRegister();
});
afterEach(() => place.drop());

const GiB = 1n << 30n;
const toTape = { from: 'main', to: 'tape' } as const;
const there: ProvenCopy = { version: 'tape 1', digest: 'ab'.repeat(32), read: 'remote' };

/** A request of 1 GiB files with one bag per fileset, all of it in `until`. */
async function archived(
  filesets: Readonly<Record<string, readonly bigint[]>>,
  until: 'sealed' | 'linked' | 'released' = 'released',
): Promise<{ readonly id: bigint; readonly bags: readonly bigint[] }> {
  const id = await running(place.register, filesets);
  const { rows } = await place.sql.query<{ id: string }>('SELECT id FROM bag WHERE request_id = $1 ORDER BY id', [id]);
  const bags = rows.map((row) => BigInt(row.id));
  for (const bag of bags) await brought(place.register, bag, 'sealed');
  await place.sql.query(
    `UPDATE file SET copy_version = 'main 1', copy_digest = 'cd', copy_read = 'direct' WHERE request_id = $1`,
    [id],
  );
  if (until !== 'sealed') for (const bag of bags) await passed(place.register, bag, 'sealed');
  if (until === 'released') for (const bag of bags) await passed(place.register, bag, 'linked');
  return { id, bags };
}

const ask = (bags: readonly bigint[], order: { from: string; to: string } = toTape) =>
  place.register.moves.ask(bags, order, 'boss');

/** Advances the files of a bag up to `until`. */
async function onTheWay(bag: bigint, until: WorkState): Promise<void> {
  for (const state of ['moving', 'moveCopied', 'moveVerified'] as const) {
    if (state === until) return;
    const claim = await claimed(place.register, bag, state);
    await place.register.applyTransitions(
      claim,
      claim.files.map((file): Transition => ({
        ...transitionOf(
          file,
          ({ moving: 'moveCopy', moveCopied: 'moveVerify', moveVerified: 'moveSeal' } as const)[state],
        ),
        ...(state === 'moveCopied' ? { elsewhere: there } : {}),
      })),
      stage,
    );
  }
}

async function moveLinked(
  bag: bigint,
  options: Partial<TransitionOptions> = { switched: true },
  failing = 0,
): Promise<void> {
  const claim = await claimed(place.register, bag, 'moveSealed');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file, at) => transitionOf(file, at < failing ? 'fail' : 'moveLink')),
    { ...stage, ...options },
  );
}

async function stickFirst(bag: bigint, state: WorkState): Promise<void> {
  const claim = await claimed(place.register, bag, state);
  await place.register.applyTransitions(claim, [transitionOf(claim.files[0]!, 'fail')], stage);
}

async function bagRow(id: bigint): Promise<Record<string, unknown>> {
  const {
    rows: [row],
  } = await place.sql.query('SELECT store, moving_to, moved_from, state FROM bag WHERE id = $1', [id]);
  return row;
}

async function copiesOf(id: bigint): Promise<unknown[]> {
  const { rows } = await place.sql.query(
    'SELECT state, copy_version AS version, copy_read AS read, moved_version AS moved FROM file WHERE request_id = $1 ORDER BY path',
    [id],
  );
  return rows;
}

async function marksOf(id: bigint): Promise<string[]> {
  const { rows } = await place.sql.query(
    'SELECT mark_wanted FROM request_image WHERE request_id = $1 ORDER BY image_id',
    [id],
  );
  return rows.map((row) => row.mark_wanted);
}

describe('plan', () => {
  it('classifies bags by what a move means for them; a named fileset means its whole bag', async () => {
    const released = await archived({ 'Fileset:1': [1n], 'Fileset:2': [2n] });
    const held = await archived({ 'Fileset:3': [GiB], 'Fileset:4': [GiB] }, 'linked');
    const early = await archived({ 'Fileset:5': [7n] }, 'sealed');
    await ask([held.bags[1]!]);
    const plan = await place.register.moves.plan('main');
    expect(
      plan.map(({ id, kind, files, bytes, states, movingTo }) => [id, kind, files, bytes, states, movingTo]),
    ).toEqual([
      [released.bags[0], 'movable', 2, 3n, ['released'], null],
      [held.bags[0], 'movable', 1, GiB, ['linked'], null],
      [held.bags[1], 'under way', 1, GiB, ['moving'], 'tape'],
      [early.bags[0], 'not now', 1, 7n, ['sealed'], null],
    ]);
    expect(
      (await place.register.moves.plan('main', { kind: 'Fileset', names: ['Fileset:2'] })).map((bag) => [
        bag.id,
        bag.files,
      ]),
    ).toEqual([[released.bags[0], 2]]);
    expect((await place.register.moves.plan('main', { kind: 'Request', ids: [held.id] })).map((bag) => bag.id)).toEqual(
      held.bags,
    );
    expect(await place.register.moves.plan('tape')).toEqual([]);
  });
});

describe('ask', () => {
  it('moves whole bags, recorded once; asking again changes nothing', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [1n, 2n] });
    expect(await ask(bags)).toBe(1);
    expect(await ask(bags)).toBe(0);
    expect(await statesOf(place.register, id)).toEqual(['moving', 'moving']);
    expect(await bagRow(bags[0]!)).toEqual({ store: 'main', moving_to: 'tape', moved_from: null, state: 'moving' });
    expect(
      (await place.register.reports.events({ requestId: id })).filter(({ what }) => what === 'move'),
    ).toMatchObject([
      { actor: 'boss', from: 'released', to: 'moving', detail: { files: 2, from: 'main', to: 'tape' } },
    ]);
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Running', linked: 2 });
    expect([await marksOf(id), await place.register.marks.pending()]).toEqual([
      ['archived'],
      [expect.objectContaining({ wanted: 'archived' })],
    ]);
    expect((await claimed(place.register, bags[0]!, 'moving')).movingTo).toBe('tape');
  });

  it.each<[string, (bag: bigint) => Promise<unknown>]>([
    [
      'a file of it is not linked yet',
      async (bag) =>
        place.sql.query(`UPDATE file SET state = 'sealed' WHERE id = (SELECT min(id) FROM file WHERE bag_id = $1)`, [
          bag,
        ]),
    ],
    [
      'a file of it is stuck',
      async (bag) =>
        place.sql.query(
          `UPDATE file SET state = 'stuck', stuck_from = 'linked', code = 'X' WHERE id = (SELECT min(id) FROM file WHERE bag_id = $1)`,
          [bag],
        ),
    ],
    [
      'a file of it is recalled',
      async (bag) =>
        place.sql.query(`UPDATE file SET state = 'recalled' WHERE id = (SELECT min(id) FROM file WHERE bag_id = $1)`, [
          bag,
        ]),
    ],
    [
      'a given up retrieval is to be cleared away',
      async (bag) =>
        place.sql.query(
          `UPDATE file SET retrieval = 'recall' WHERE id = (SELECT min(id) FROM file WHERE bag_id = $1)`,
          [bag],
        ),
    ],
    ['it is in another store', async (bag) => place.sql.query(`UPDATE bag SET store = 'other' WHERE id = $1`, [bag])],
    [
      'nothing of it is still archived',
      async (bag) => place.sql.query(`UPDATE file SET state = 'restored' WHERE bag_id = $1`, [bag]),
    ],
  ])('leaves a bag alone where %s', async (_why, change) => {
    const { id, bags } = await archived({ 'Fileset:1': [1n, 2n] }, 'linked');
    await change(bags[0]!);
    const before = await statesOf(place.register, id);
    expect(await ask(bags)).toBe(0);
    expect([await statesOf(place.register, id), (await bagRow(bags[0]!))['moving_to']]).toEqual([before, null]);
  });

  it('is NotYet while a worker holds the bag', async () => {
    const { bags } = await archived({ 'Fileset:1': [1n] }, 'linked');
    await claimed(place.register, bags[0]!, 'linked');
    await expect(ask(bags)).rejects.toMatchObject({ kind: 'not-yet', code: 'BAG_BUSY' });
  });

  it('leaves behind what is no longer archived', async () => {
    const { id, bags } = await archived({ 'Fileset:1': [1n], 'Fileset:2': [2n] });
    await place.sql.query(`UPDATE file SET state = 'restored' WHERE request_id = $1 AND fileset = 'Fileset:1'`, [id]);
    expect(await ask(bags)).toBe(1);
    await onTheWay(bags[0]!, 'moveSealed');
    await moveLinked(bags[0]!);
    expect(await copiesOf(id)).toEqual([
      { state: 'restored', version: null, read: null, moved: null },
      { state: 'linked', version: 'tape 1', read: 'remote', moved: null },
    ]);
  });
});

describe('the switch', () => {
  it('switches the whole bag at once: until then the proofs are those of the source store', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n, 2n] });
    await ask([bag!]);
    await onTheWay(bag!, 'moveSealed');
    expect(await copiesOf(id)).toEqual(
      Array(2).fill({ state: 'moveSealed', version: 'main 1', read: 'direct', moved: 'tape 1' }),
    );
    expect((await claimed(place.register, bag!, 'moveSealed', 'w2')).files[0]).toMatchObject({
      copyVersion: 'main 1',
      elsewhere: there,
    });
    await place.sql.query('UPDATE bag SET lease_until = NULL');
    await moveLinked(bag!);
    expect(await copiesOf(id)).toEqual(
      Array(2).fill({ state: 'linked', version: 'tape 1', read: 'remote', moved: null }),
    );
    expect(await bagRow(bag!)).toEqual({ store: 'tape', moving_to: null, moved_from: 'main', state: 'linked' });
    expect(await place.register.requests.get(id)).toMatchObject({ state: 'Finished', linked: 2 });
    const {
      rows: [{ checked }],
    } = await place.sql.query('SELECT bool_and(copy_checked_at IS NOT NULL) AS checked FROM file');
    expect(checked).toBe(true);
  });

  it.each<[string, (bag: bigint) => Promise<unknown>]>([
    ['a file is not named', async () => undefined],
    [
      'a file is stuck',
      (bag) =>
        place.sql.query(
          `UPDATE file SET state = 'stuck', stuck_from = 'moveSealed', code = 'X' WHERE id = (SELECT max(id) FROM file WHERE bag_id = $1)`,
          [bag],
        ),
    ],
    [
      'a file is not there yet',
      (bag) =>
        place.sql.query(
          `UPDATE file SET state = 'moveCopied' WHERE id = (SELECT max(id) FROM file WHERE bag_id = $1)`,
          [bag],
        ),
    ],
  ])('changes nothing where %s', async (_why, change) => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n, 2n] });
    await ask([bag!]);
    await onTheWay(bag!, 'moveSealed');
    const claim = await claimed(place.register, bag!, 'moveSealed');
    await change(bag!);
    const before = await copiesOf(id);
    await expect(
      place.register.applyTransitions(claim, [transitionOf(claim.files[0]!, 'moveLink')], { ...stage, switched: true }),
    ).rejects.toThrow('1 of its files are not there yet');
    expect([await copiesOf(id), (await bagRow(bag!))['store']]).toEqual([before, 'main']);
  });

  it('continues if a link could not be swapped: its copy is there, and a retry knows the source', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n, 2n] });
    await ask([bag!]);
    await onTheWay(bag!, 'moveSealed');
    await moveLinked(bag!, { switched: true }, 1);
    expect(await copiesOf(id)).toMatchObject([
      { state: 'stuck', version: 'tape 1' },
      { state: 'linked', version: 'tape 1' },
    ]);
    expect([(await bagRow(bag!))['store'], await marksOf(id)]).toEqual(['tape', ['archived']]);
    expect([
      await place.register.moves.cancel([bag!], 'boss'),
      await ask([bag!], { from: 'tape', to: 'main' }),
    ]).toEqual([0, 0]); // it is there already
    expect(await place.register.operator.retry({ kind: 'Request', ids: [id] }, () => 'none', 'boss')).toBe(1);
    expect(await claimed(place.register, bag!, 'moveSealed')).toMatchObject({
      store: 'tape',
      movingTo: null,
      movedFrom: 'main',
      files: [{ state: 'moveSealed' }],
    });
  });
});

describe('a file that is stuck on the way', () => {
  it.each<[WorkState, FileState]>([
    ['moving', 'moving'],
    ['moveCopied', 'moving'],
    ['moveVerified', 'moving'],
    ['moveSealed', 'moveSealed'],
  ])('from %s continues as %s, stays archived, and holds its bag back', async (state, to) => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n, 2n] });
    await ask([bag!]);
    await onTheWay(bag!, state);
    await stickFirst(bag!, state);
    expect([await place.register.moves.behind(bag!, state), await marksOf(id)]).toEqual([1, ['archived']]);
    expect(await place.register.moves.progress([bag!])).toMatchObject({
      going: 0,
      blocked: 1,
      files: [
        { state, files: 1 },
        { state: 'stuck', code: 'TROUBLE', files: 1 },
      ],
    });
    expect(await place.register.operator.undo({ kind: 'Request', ids: [id] }, 'boss')).toMatchObject({
      undoing: 0,
      abandoned: 0,
    });
    expect(await place.register.operator.abandon({ kind: 'Request', ids: [id] }, 'boss')).toBe(0);
    expect(
      await place.register.retrievals.ask({ kind: 'Request', ids: [id] }, { way: 'restore', days: 0 }, 'boss'),
    ).toMatchObject({ asked: 0, undoing: 0 });
    await place.register.operator.retry({ kind: 'Request', ids: [id] }, () => 'none', 'boss');
    expect([...(await statesOf(place.register, id))].sort()).toEqual([state, to].sort());
    expect(await place.register.moves.progress([bag!])).toMatchObject({ going: 1, blocked: 0 });
  });
});

describe('cancel', () => {
  it.each<WorkState>(['moving', 'moveCopied', 'moveVerified'])(
    'from %s leaves the bag in its store, stuck files too',
    async (state) => {
      const {
        id,
        bags: [bag],
      } = await archived({ 'Fileset:1': [1n, 2n] });
      await ask([bag!]);
      await onTheWay(bag!, state);
      await stickFirst(bag!, state);
      expect(await place.register.moves.cancel([bag!], 'boss')).toBe(1);
      expect(await copiesOf(id)).toEqual(
        Array(2).fill({ state: 'linked', version: 'main 1', read: 'direct', moved: null }),
      );
      expect(await bagRow(bag!)).toEqual({ store: 'main', moving_to: null, moved_from: null, state: 'linked' });
      expect(await ask([bag!])).toBe(1);
    },
  );

  it('from moveSealed has the linker check: links may lead to the other store', async () => {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': [1n, 2n] });
    await ask([bag!]);
    await onTheWay(bag!, 'moveSealed');
    await stickFirst(bag!, 'moveSealed');
    expect(await place.register.moves.cancel([bag!], 'boss')).toBe(1);
    expect(await statesOf(place.register, id)).toEqual(['moveSealed', 'moveSealed']);
    const claim = await claimed(place.register, bag!, 'moveSealed');
    expect(claim).toMatchObject({ store: 'main', movingTo: null, movedFrom: 'tape' });
    await place.register.applyTransitions(
      claim,
      claim.files.map((file) => transitionOf(file, 'moveLink')),
      stage,
    );
    expect(await copiesOf(id)).toEqual(
      Array(2).fill({ state: 'linked', version: 'main 1', read: 'direct', moved: null }),
    );
  });
});

describe('a move that was cancelled when all was sealed in the other store', () => {
  const stuck = { state: 'stuck', version: 'main 1', read: 'direct', moved: 'tape 1' };
  const kindTo = async (to?: string) => (await place.register.moves.plan('main', undefined, to)).map((bag) => bag.kind);

  /** All copies are good in the other store, and the source store is unavailable. */
  async function cancelledAndStuck(
    sizes: readonly bigint[] = [1n, 2n],
    failing = sizes.length,
  ): Promise<{ readonly id: bigint; readonly bag: bigint }> {
    const {
      id,
      bags: [bag],
    } = await archived({ 'Fileset:1': sizes });
    await ask([bag!]);
    await onTheWay(bag!, 'moveSealed');
    await place.register.moves.cancel([bag!], 'boss');
    await moveLinked(bag!, {}, failing);
    return { id, bag: bag! };
  }

  it.each([
    ['stuck being retrieved', true],
    ['being retrieved', false],
  ])('continues where it was when it is requested again: %s', async (_what, fail) => {
    const { id, bag } = await cancelledAndStuck();
    if (!fail) await place.register.operator.retry({ kind: 'Request', ids: [id] }, () => 'none', 'boss');
    expect([await kindTo('tape'), await kindTo('disk'), await kindTo()]).toEqual([
      ['movable'],
      ['not now'],
      ['not now'],
    ]);
    expect([await ask([bag], { from: 'main', to: 'disk' }), await ask([bag])]).toEqual([0, 1]);
    expect(await bagRow(bag)).toEqual({ store: 'main', moving_to: 'tape', moved_from: 'tape', state: 'moveSealed' });
    expect(await copiesOf(id)).toEqual(Array(2).fill({ ...stuck, state: 'moveSealed' }));
    expect((await claimed(place.register, bag, 'moveSealed', 'w2')).files[0]).toMatchObject({ elsewhere: there });
    await place.sql.query('UPDATE bag SET lease_until = NULL');
    await moveLinked(bag);
    expect(await copiesOf(id)).toEqual(
      Array(2).fill({ state: 'linked', version: 'tape 1', read: 'remote', moved: null }),
    );
    expect((await bagRow(bag))['store']).toBe('tape');
  });

  it('includes files whose links were put back already, and may be cancelled again', async () => {
    const { id, bag } = await cancelledAndStuck([1n, 2n], 1);
    expect(await copiesOf(id)).toEqual([stuck, { ...stuck, state: 'linked', moved: null }]);
    expect(await ask([bag])).toBe(1);
    expect(await copiesOf(id)).toEqual([
      { ...stuck, state: 'moveSealed' },
      { ...stuck, state: 'moving', moved: null },
    ]);
    expect(await place.register.moves.cancel([bag], 'boss')).toBe(1);
    expect(await copiesOf(id)).toEqual([
      { ...stuck, state: 'moveSealed' },
      { ...stuck, state: 'linked', moved: null },
    ]);
  });

  it('is not resumed without the proof of the copies there', async () => {
    const { id, bag } = await cancelledAndStuck();
    await place.sql.query(
      'UPDATE file SET moved_version = NULL WHERE id = (SELECT min(id) FROM file WHERE request_id = $1)',
      [id],
    );
    expect([await kindTo('tape'), await ask([bag])]).toEqual([['not now'], 0]);
  });
});

it('does not switch a bag that does not move', async () => {
  const {
    bags: [bag],
  } = await archived({ 'Fileset:1': [1n] }, 'linked');
  const claim = await claimed(place.register, bag!, 'linked');
  await expect(
    place.register.applyTransitions(claim, [transitionOf(claim.files[0]!, 'release')], { ...stage, switched: true }),
  ).rejects.toThrow('does not move to another store');
});
