import type { Transition } from '../transitions/transition';
import type { Target } from '../operator/targets';
import { freshRegister } from '../testing/fresh-register';
import {
  bagsOf,
  brought,
  broughtBack,
  claimed,
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

const whole = (id: bigint): Target => ({ kind: 'Request', ids: [id] });

async function archived(until: 'linked' | 'released'): Promise<{ readonly id: bigint; readonly bag: bigint }> {
  const id = await running(place.register, { 'Fileset:1': [5n] });
  const bag = (await bagsOf(place.register)).at(-1)!;
  await brought(place.register, bag, 'linked');
  if (until === 'released') await passed(place.register, bag, 'linked');
  return { id, bag };
}

async function moved(bag: bigint): Promise<void> {
  await place.register.moves.ask([bag], { from: 'main', to: 'tape' }, 'boss');
  for (const [state, event] of [
    ['moving', 'moveCopy'],
    ['moveCopied', 'moveVerify'],
    ['moveVerified', 'moveSeal'],
    ['moveSealed', 'moveLink'],
  ] as const) {
    const claim = await claimed(place.register, bag, state);
    const facts: Partial<Transition> =
      state === 'moveCopied' ? { elsewhere: { version: 'tape 1', digest: 'ab'.repeat(32), read: 'remote' } } : {};
    await place.register.applyTransitions(
      claim,
      claim.files.map((file) => ({ ...transitionOf(file, event), ...facts })),
      { ...stage, switched: state === 'moveSealed' },
    );
  }
}

async function asked(id: bigint, way: 'restore' | 'recall'): Promise<void> {
  await place.register.retrievals.ask(whole(id), { way, days: 1 }, 'boss');
}

async function recalled(id: bigint, bag: bigint): Promise<void> {
  await asked(id, 'recall');
  await broughtBack(place.register, bag, 'fetchVerified');
  const claim = await claimed(place.register, bag, 'fetchVerified');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => ({ id: file.id, event: 'place', from: 'fetchVerified', to: 'recalled' })),
    stage,
  );
}

/** Makes a released file `linked`, or leaves it unchanged if its original is held. */
const turns: readonly (readonly [what: string, turn: (id: bigint, bag: bigint) => Promise<unknown>])[] = [
  ['a move to another store', (_id, bag) => moved(bag)],
  [
    'a move that was given up',
    async (_id, bag) => {
      await place.register.moves.ask([bag], { from: 'main', to: 'tape' }, 'boss');
      await place.register.moves.cancel([bag], 'boss');
    },
  ],
  [
    'a recall that was given up',
    async (id) => {
      await asked(id, 'recall');
      await place.register.retrievals.cancel(whole(id), 'boss');
    },
  ],
  [
    'a recall that is over',
    async (id, bag) => {
      await recalled(id, bag);
      await place.sql.query('UPDATE bag SET not_before = now()');
      await passed(place.register, bag, 'recalled');
    },
  ],
];

describe.each(turns)('after %s', (_what, turn) => {
  it('a released original is not treated as held', async () => {
    const { id, bag } = await archived('released');
    await turn(id, bag);
    expect(await statesOf(place.register, id)).toEqual(['linked']);
    expect(await heldCopies()).toEqual([false]);
    expect(await place.register.retrievals.plan(whole(id), 'restore')).toMatchObject({
      held: { files: 0 },
      fetch: [{ files: 1 }],
    });
    expect(await place.register.operator.undo(whole(id), 'boss')).toEqual({ undoing: 0, abandoned: 0, released: 1 });
    expect(await statesOf(place.register, id)).toEqual(['linked']);
  });

  it('a held original is still known to be held', async () => {
    const { id, bag } = await archived('linked');
    await turn(id, bag);
    expect(await heldCopies()).toEqual([true]);
    expect(await place.register.operator.undo(whole(id), 'boss')).toEqual({ undoing: 1, abandoned: 0, released: 0 });
  });
});

it('an original that an undo did not find is not held, whatever becomes of the file', async () => {
  const { id, bag } = await archived('linked');
  await place.register.operator.undo(whole(id), 'boss');
  const claim = await claimed(place.register, bag, 'undoing');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => ({ ...transitionOf(file, 'restore'), code: 'HOLD_MISSING', reason: 'gone' })),
    stage,
  );
  await place.register.retrievals.cancel(whole(id), 'boss');
  expect(await heldCopies()).toEqual([false]);
  expect(await place.register.operator.undo(whole(id), 'boss')).toEqual({ undoing: 0, abandoned: 0, released: 1 });
});

it('a file that gets stuck after its original is released is not handed to an undo', async () => {
  const { id, bag } = await archived('released');
  await moved(bag);
  const claim = await claimed(place.register, bag, 'linked');
  await place.register.applyTransitions(
    claim,
    claim.files.map((file) => transitionOf(file, 'fail')),
    stage,
  );
  expect(await place.register.operator.undo(whole(id), 'boss')).toEqual({ undoing: 0, abandoned: 0, released: 1 });
  expect(await place.register.operator.abandon(whole(id), 'boss')).toBe(0);
  expect(await statesOf(place.register, id)).toEqual(['stuck']);
});

async function heldCopies(): Promise<readonly boolean[]> {
  const found: boolean[] = [];
  for await (const copies of place.register.fixity.bags({})) found.push(...copies.map((copy) => copy.held));
  return found;
}
