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

/** Written from the design, not from the code: event, where from, where to. Whatever is not here must not be possible. */
const expected: readonly (readonly [event: string, from: string, to: string])[] = [
  ['approve', 'registered', 'approved'],
  ['decline', 'registered', 'declined'],
  ['hash', 'approved', 'checksummed'],
  ['copy', 'checksummed', 'transferred'],
  ['copyAgain', 'transferred', 'checksummed'],
  ['verify', 'transferred', 'verified'],
  ['store', 'verified', 'durable'],
  ['link', 'durable', 'linked'],
  ['release', 'linked', 'released'],
  ['return', 'undoing', 'undone'],
  ['restore', 'undoing', 'restoring'], // its original is not held any more
  ['place', 'linked', 'restored'], // a way back that was given up had come that far
  ...['linked', 'released', 'recalled'].map((from) => ['restore', from, 'restoring'] as const),
  ['bringNear', 'restoring', 'near'],
  ['bringNearAgain', 'near', 'restoring'],
  ['fetch', 'near', 'fetched'],
  ['prove', 'fetched', 'proven'],
  ['fetchAgain', 'fetched', 'near'],
  ['fetchAgain', 'proven', 'near'],
  ['place', 'proven', 'restored'],
  ['place', 'proven', 'recalled'],
  ['expire', 'recalled', 'linked'],
  ['move', 'linked', 'leaving'],
  ['move', 'released', 'leaving'],
  ...['settled', 'stuck'].map((from) => ['move', from, 'settled'] as const), // cancelled, and asked for again
  ['carry', 'leaving', 'arrived'],
  ['carryAgain', 'arrived', 'leaving'],
  ['match', 'arrived', 'matched'],
  ['settle', 'matched', 'settled'],
  ['relink', 'settled', 'linked'],
  ...['leaving', 'arrived', 'matched'].map((from) => ['cancel', from, 'linked'] as const),
  ...['settled', 'stuck'].map((from) => ['cancel', from, 'settled'] as const), // its link may lead to either store
  ...['restoring', 'near', 'fetched', 'proven', 'stuck'].flatMap((from) => [
    ['cancel', from, 'linked'] as const,
    ['cancel', from, 'recalled'] as const,
  ]),
  ...[
    'registered',
    'approved',
    'checksummed',
    'transferred',
    'verified',
    'durable',
    'linked',
    'undoing',
    'restoring',
    'near',
    'fetched',
    'proven',
    'recalled',
    'leaving',
    'arrived',
    'matched',
    'settled',
  ].map((from) => ['fail', from, 'stuck'] as const),
  ...['approved', 'durable', 'linked', 'undoing', 'restoring', 'proven', 'recalled', 'leaving', 'settled'].map(
    (to) => ['retry', 'stuck', to] as const,
  ),
  ...['approved', 'checksummed', 'transferred', 'verified', 'stuck'].flatMap((from) => [
    ['undo', from, 'abandoned'] as const,
    ['abandon', from, 'abandoned'] as const,
  ]),
  ...['durable', 'stuck'].flatMap((from) => [
    ['undo', from, 'undoing'] as const,
    ['abandon', from, 'undoing'] as const,
  ]),
  ...['linked', 'restoring', 'near', 'fetched', 'proven', 'recalled'].map((from) => ['undo', from, 'undoing'] as const), // while its original is held
];

describe('the transition table', () => {
  const pairs = fileStates.flatMap((state) => fileEvents.map((event) => [state, event] as const));

  it.each(pairs)('%s, %s', (state, event) => {
    const targets = expected.filter(([name, from]) => name === event && from === state).map(([, , to]) => to);
    expect([...(next(state, event) ?? [])].sort()).toEqual(targets.sort());
  });

  it('was walked over every state and event', () => {
    expect(pairs).toHaveLength(24 * 29);
    expect(Object.keys(transitions).sort()).toEqual([...fileStates].sort());
  });

  it('lets nothing leave a state at rest', () => {
    for (const state of ['skipped', 'declined', 'undone', 'restored', 'abandoned'] as const)
      expect(transitions[state]).toEqual({});
  });

  it('leads to linked by no other way than over durable, back from a way back that was given up, or from another store', () => {
    const before = expected.filter(([event, , to]) => to === 'linked' && event !== 'cancel').map(([, from]) => from);
    expect(before.sort()).toEqual(['durable', 'recalled', 'settled', 'stuck']);
    expect(fileStates.filter((state) => retries(state) === 'linked')).toEqual(['linked']);
  });

  it('lets nobody undo, give up or restore what is on its way to another store', () => {
    for (const state of movingStates)
      expect(['undo', 'abandon', 'restore', 'release'].filter((event) => next(state, event as FileEvent))).toEqual([]);
  });

  it('gives each state that a service acts on a way to get stuck', () => {
    for (const state of workStates) expect(next(state, 'fail')).toEqual(['stuck']);
  });

  it('puts an undo before all other work of a bag', () => {
    expect(workStates).toEqual([
      'undoing',
      'restoring',
      'near',
      'fetched',
      'proven',
      'approved',
      'checksummed',
      'transferred',
      'verified',
      'durable',
      'leaving',
      'arrived',
      'matched',
      'settled',
      'linked',
      'recalled',
    ]);
  });
});

describe('retryState', () => {
  it.each([
    ['registered', 'approved'],
    ['approved', 'approved'],
    ['checksummed', 'approved'],
    ['transferred', 'approved'],
    ['verified', 'approved'],
    ['durable', 'durable'],
    ['linked', 'linked'],
    ['undoing', 'undoing'],
    ['recalled', 'recalled'],
    ['restoring', 'restoring'],
    ['near', 'restoring'],
    ['fetched', 'restoring'],
    ['proven', 'proven'],
    ['leaving', 'leaving'],
    ['arrived', 'leaving'],
    ['matched', 'leaving'],
    ['settled', 'settled'],
  ] as const)('from %s to %s', (from, to) => expect(retryState(from)).toBe(to));

  it.each(['skipped', 'declined', 'undone', 'released', 'restored', 'stuck', 'abandoned'] as const)(
    'refuses %s, from which no file gets stuck',
    (state) => {
      expect(next(state, 'fail')).toBeUndefined();
      expect(() => retryState(state)).toThrow(RangeError);
    },
  );

  it('goes only where the table lets a retry go', () => {
    const reached = new Set(fileStates.map(retries).filter((state) => state !== undefined));
    expect([...reached].sort()).toEqual([...(next('stuck', 'retry') ?? [])].sort());
  });
});

it('names the states of a request as people know them', () => {
  expect(requestStates).toEqual(['New', 'Approved', 'Declined', 'Running', 'Error', 'Finished']);
});

function retries(state: FileState): FileState | undefined {
  return next(state, 'fail') ? retryState(state) : undefined;
}
