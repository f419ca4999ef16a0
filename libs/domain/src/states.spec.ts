import {
  fileEvents,
  fileStates,
  movingStates,
  next,
  requestStates,
  retryState,
  transitions,
  workStates,
  type FileEvent,
  type FileState,
} from './states';

/** Written from the design, not from the code: event, from, to. Everything that is not listed must be impossible. */
const expected: readonly (readonly [event: string, from: string, to: string])[] = [
  ['approve', 'registered', 'approved'],
  ['decline', 'registered', 'declined'],
  ['hash', 'approved', 'hashed'],
  ['copy', 'hashed', 'copied'],
  ['copyAgain', 'copied', 'hashed'],
  ['verify', 'copied', 'verified'],
  ['seal', 'verified', 'sealed'],
  ['link', 'sealed', 'linked'],
  ['release', 'linked', 'released'],
  ['undo', 'undoing', 'undone'],
  ['restore', 'undoing', 'retrieving'], // its original is no longer held
  ['place', 'linked', 'restored'], // a cancelled retrieval had reached this state
  ...['linked', 'released', 'recalled'].map((from) => ['restore', from, 'retrieving'] as const),
  ['bringOnline', 'retrieving', 'online'],
  ['bringOnlineAgain', 'online', 'retrieving'],
  ['fetch', 'online', 'fetched'],
  ['verifyFetched', 'fetched', 'fetchVerified'],
  ['fetchAgain', 'fetched', 'online'],
  ['fetchAgain', 'fetchVerified', 'online'],
  ['place', 'fetchVerified', 'restored'],
  ['place', 'fetchVerified', 'recalled'],
  ['expire', 'recalled', 'linked'],
  ['move', 'linked', 'moving'],
  ['move', 'released', 'moving'],
  ...['moveSealed', 'stuck'].map((from) => ['move', from, 'moveSealed'] as const), // cancelled, and requested again
  ['relink', 'linked', 'moveSealed'],
  ['relink', 'released', 'moveSealed'],
  ['cancel', 'moveSealed', 'linked'], // a relink
  ['moveCopy', 'moving', 'moveCopied'],
  ['moveCopyAgain', 'moveCopied', 'moving'],
  ['moveVerify', 'moveCopied', 'moveVerified'],
  ['moveSeal', 'moveVerified', 'moveSealed'],
  ['moveLink', 'moveSealed', 'linked'],
  ...['moving', 'moveCopied', 'moveVerified'].map((from) => ['cancel', from, 'linked'] as const),
  ...['moveSealed', 'stuck'].map((from) => ['cancel', from, 'moveSealed'] as const), // its link may lead to either store
  ...['retrieving', 'online', 'fetched', 'fetchVerified', 'stuck'].flatMap((from) => [
    ['cancel', from, 'linked'] as const,
    ['cancel', from, 'recalled'] as const,
  ]),
  ...[
    'registered',
    'approved',
    'hashed',
    'copied',
    'verified',
    'sealed',
    'linked',
    'undoing',
    'retrieving',
    'online',
    'fetched',
    'fetchVerified',
    'recalled',
    'moving',
    'moveCopied',
    'moveVerified',
    'moveSealed',
  ].map((from) => ['fail', from, 'stuck'] as const),
  ...['approved', 'sealed', 'linked', 'undoing', 'retrieving', 'fetchVerified', 'recalled', 'moving', 'moveSealed'].map(
    (to) => ['retry', 'stuck', to] as const,
  ),
  ...['approved', 'hashed', 'copied', 'verified', 'stuck'].flatMap((from) => [
    ['undo', from, 'abandoned'] as const,
    ['abandon', from, 'abandoned'] as const,
  ]),
  ...['sealed', 'stuck'].flatMap((from) => [['undo', from, 'undoing'] as const, ['abandon', from, 'undoing'] as const]),
  ...['linked', 'retrieving', 'online', 'fetched', 'fetchVerified', 'recalled'].map(
    (from) => ['undo', from, 'undoing'] as const,
  ), // while its original is held
];

describe('the transition table', () => {
  const pairs = fileStates.flatMap((state) => fileEvents.map((event) => [state, event] as const));

  it.each(pairs)('%s, %s', (state, event) => {
    const targets = expected.filter(([name, from]) => name === event && from === state).map(([, , to]) => to);
    expect([...(next(state, event) ?? [])].sort()).toEqual(targets.sort());
  });

  it('was checked for every state and event', () => {
    expect(pairs).toHaveLength(24 * 29);
    expect(Object.keys(transitions).sort()).toEqual([...fileStates].sort());
  });

  it('lets no file leave a final state', () => {
    for (const state of ['skipped', 'declined', 'undone', 'restored', 'abandoned'] as const)
      expect(transitions[state]).toEqual({});
  });

  it('reaches linked only by way of durable, a cancelled retrieval or another store', () => {
    const before = expected.filter(([event, , to]) => to === 'linked' && event !== 'cancel').map(([, from]) => from);
    expect(before.sort()).toEqual(['moveSealed', 'recalled', 'sealed', 'stuck']);
    expect(fileStates.filter((state) => retries(state) === 'linked')).toEqual(['linked']);
  });

  it('allows no undo, abandon or restore of a file on its way to another store', () => {
    for (const state of movingStates)
      expect(['undo', 'abandon', 'restore', 'release'].filter((event) => next(state, event as FileEvent))).toEqual([]);
  });

  it('lets a file get stuck in each state that a service acts on', () => {
    for (const state of workStates) expect(next(state, 'fail')).toEqual(['stuck']);
  });

  it('puts an undo before all other work of a bag', () => {
    expect(workStates).toEqual([
      'undoing',
      'retrieving',
      'online',
      'fetched',
      'fetchVerified',
      'approved',
      'hashed',
      'copied',
      'verified',
      'sealed',
      'moving',
      'moveCopied',
      'moveVerified',
      'moveSealed',
      'linked',
      'recalled',
    ]);
  });
});

describe('retryState', () => {
  it.each([
    ['registered', 'approved'],
    ['approved', 'approved'],
    ['hashed', 'approved'],
    ['copied', 'approved'],
    ['verified', 'approved'],
    ['sealed', 'sealed'],
    ['linked', 'linked'],
    ['undoing', 'undoing'],
    ['recalled', 'recalled'],
    ['retrieving', 'retrieving'],
    ['online', 'retrieving'],
    ['fetched', 'retrieving'],
    ['fetchVerified', 'fetchVerified'],
    ['moving', 'moving'],
    ['moveCopied', 'moving'],
    ['moveVerified', 'moving'],
    ['moveSealed', 'moveSealed'],
  ] as const)('from %s to %s', (from, to) => expect(retryState(from)).toBe(to));

  it.each(['skipped', 'declined', 'undone', 'released', 'restored', 'stuck', 'abandoned'] as const)(
    'refuses %s, in which no file gets stuck',
    (state) => {
      expect(next(state, 'fail')).toBeUndefined();
      expect(() => retryState(state)).toThrow(RangeError);
    },
  );

  it('returns only states to which the table allows a retry', () => {
    const reached = new Set(fileStates.map(retries).filter((state) => state !== undefined));
    expect([...reached].sort()).toEqual([...(next('stuck', 'retry') ?? [])].sort());
  });
});

it('names the states of a request as users know them', () => {
  expect(requestStates).toEqual(['New', 'Approved', 'Declined', 'Running', 'Error', 'Finished']);
});

function retries(state: FileState): FileState | undefined {
  return next(state, 'fail') ? retryState(state) : undefined;
}
