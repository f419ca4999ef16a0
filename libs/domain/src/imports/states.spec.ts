import {
  importEvents,
  importRetryState,
  importStates,
  importTransitions,
  nextImportState,
  type ImportState,
} from './states';

/** Written from the design, not from the code: event, from, to. Everything that is not listed must be impossible. */
const expected: readonly (readonly [event: string, from: string, to: string])[] = [
  ['settle', 'ordered', 'settled'],
  ['lock', 'settled', 'locked'],
  ['changed', 'settled', 'ordered'], // before it was locked
  ['list', 'locked', 'listed'],
  ['hash', 'listed', 'hashed'],
  ['sync', 'hashed', 'synced'], // where OMERO cannot read the buffer
  ['attempt', 'hashed', 'importing'],
  ['attempt', 'synced', 'importing'],
  ['attempt', 'importing', 'importing'], // nothing was made
  ['takeOver', 'importing', 'imported'],
  ['verify', 'imported', 'verified'],
  ['unlock', 'verified', 'done'],
  ['empty', 'done', 'emptied'],
  ...['ordered', 'settled', 'locked', 'listed', 'hashed', 'synced', 'importing', 'stuck'].map(
    (from) => ['cancel', from, 'cancelled'] as const,
  ),
  ...['ordered', 'settled', 'locked', 'listed', 'hashed', 'synced', 'importing', 'imported', 'verified'].map(
    (from) => ['fail', from, 'stuck'] as const,
  ),
  ...['ordered', 'locked', 'importing', 'imported', 'verified'].map((to) => ['retry', 'stuck', to] as const),
];

describe('the transitions of an import order', () => {
  const pairs = importStates.flatMap((state) => importEvents.map((event) => [state, event] as const));

  it.each(pairs)('%s, %s', (state, event) => {
    const targets = expected.filter(([name, from]) => name === event && from === state).map(([, , to]) => to);
    expect([...(nextImportState(state, event) ?? [])].sort()).toEqual(targets.sort());
  });

  it('were checked for every state and event', () => {
    expect(pairs).toHaveLength(13 * 14);
    expect(Object.keys(importTransitions).sort()).toEqual([...importStates].sort());
  });

  it('lead to done only by way of a proof, and to emptied only from done', () => {
    const into = (state: string): readonly string[] =>
      expected.filter(([, , to]) => to === state).map(([, from]) => from);
    expect([into('emptied'), into('done'), into('verified')]).toEqual([['done'], ['verified'], ['imported', 'stuck']]);
  });

  it('allow no cancel once OMERO has all images', () => {
    for (const state of ['imported', 'verified', 'done'] as const)
      expect(nextImportState(state, 'cancel')).toBeUndefined();
  });
});

describe('importRetryState', () => {
  it.each([
    ['ordered', 'ordered'],
    ['settled', 'ordered'],
    ['locked', 'locked'],
    ['listed', 'locked'],
    ['hashed', 'locked'],
    ['synced', 'locked'],
    ['importing', 'importing'],
    ['imported', 'imported'],
    ['verified', 'verified'],
  ] as const)('from %s to %s', (from, to) => expect(importRetryState(from)).toBe(to));

  it.each(['done', 'emptied', 'stuck', 'cancelled'] as const)('refuses %s, in which no order gets stuck', (state) => {
    expect(nextImportState(state, 'fail')).toBeUndefined();
    expect(() => importRetryState(state)).toThrow(RangeError);
  });

  it('returns only states to which the table allows a retry', () => {
    const stuckFrom = importStates.filter((state: ImportState) => nextImportState(state, 'fail'));
    expect([...new Set(stuckFrom.map(importRetryState))].sort()).toEqual(
      [...(nextImportState('stuck', 'retry') ?? [])].sort(),
    );
  });
});
