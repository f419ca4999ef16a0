/** The states of a file. Each names a fact; docs: libs/domain/README.md. */
export const fileStates = [
  'registered',
  'skipped',
  'approved',
  'declined',
  'hashed',
  'copied',
  'verified',
  'sealed',
  'undoing',
  'undone',
  'linked',
  'released',
  'retrieving',
  'online',
  'fetched',
  'fetchVerified',
  'restored',
  'recalled',
  'moving',
  'moveCopied',
  'moveVerified',
  'moveSealed',
  'stuck',
  'abandoned',
] as const;
export type FileState = (typeof fileStates)[number];

export const fileEvents = [
  'approve',
  'decline',
  'hash',
  'copy',
  'verify',
  'copyAgain',
  'seal',
  'link',
  'undo',
  'release',
  'restore',
  'bringOnline',
  'bringOnlineAgain',
  'fetch',
  'verifyFetched',
  'fetchAgain',
  'place',
  'expire',
  'cancel',
  'move',
  'relink',
  'moveCopy',
  'moveVerify',
  'moveCopyAgain',
  'moveSeal',
  'moveLink',
  'fail',
  'retry',
  'abandon',
] as const;
export type FileEvent = (typeof fileEvents)[number];

/**
 * The table of transitions; the database has the same list (a test compares them). `stuck` is left by `retry`: to
 * `approved` if its bag was still open, else to the first state of its retrieval or move, or to where it got stuck.
 */
export const transitions: Readonly<Record<FileState, Partial<Record<FileEvent, readonly FileState[]>>>> = {
  registered: { approve: ['approved'], decline: ['declined'], fail: ['stuck'] },
  skipped: {},
  approved: { hash: ['hashed'], fail: ['stuck'], undo: ['abandoned'], abandon: ['abandoned'] },
  declined: {},
  hashed: { copy: ['copied'], fail: ['stuck'], undo: ['abandoned'], abandon: ['abandoned'] },
  copied: {
    verify: ['verified'],
    copyAgain: ['hashed'],
    fail: ['stuck'],
    undo: ['abandoned'],
    abandon: ['abandoned'],
  },
  verified: { seal: ['sealed'], fail: ['stuck'], undo: ['abandoned'], abandon: ['abandoned'] },
  sealed: { link: ['linked'], fail: ['stuck'], undo: ['undoing'], abandon: ['undoing'] },
  undoing: { undo: ['undone'], restore: ['retrieving'], fail: ['stuck'] },
  undone: {},
  linked: {
    release: ['released'],
    undo: ['undoing'],
    restore: ['retrieving'],
    place: ['restored'],
    move: ['moving'],
    relink: ['moveSealed'],
    fail: ['stuck'],
  },
  released: { restore: ['retrieving'], move: ['moving'], relink: ['moveSealed'] },
  retrieving: { bringOnline: ['online'], cancel: ['linked', 'recalled'], undo: ['undoing'], fail: ['stuck'] },
  online: {
    fetch: ['fetched'],
    bringOnlineAgain: ['retrieving'],
    cancel: ['linked', 'recalled'],
    undo: ['undoing'],
    fail: ['stuck'],
  },
  fetched: {
    verifyFetched: ['fetchVerified'],
    fetchAgain: ['online'],
    cancel: ['linked', 'recalled'],
    undo: ['undoing'],
    fail: ['stuck'],
  },
  fetchVerified: {
    place: ['restored', 'recalled'],
    fetchAgain: ['online'],
    cancel: ['linked', 'recalled'],
    undo: ['undoing'],
    fail: ['stuck'],
  },
  restored: {},
  recalled: { expire: ['linked'], restore: ['retrieving'], undo: ['undoing'], fail: ['stuck'] },
  moving: { moveCopy: ['moveCopied'], cancel: ['linked'], fail: ['stuck'] },
  moveCopied: { moveVerify: ['moveVerified'], moveCopyAgain: ['moving'], cancel: ['linked'], fail: ['stuck'] },
  moveVerified: { moveSeal: ['moveSealed'], cancel: ['linked'], fail: ['stuck'] },
  moveSealed: { moveLink: ['linked'], cancel: ['linked', 'moveSealed'], move: ['moveSealed'], fail: ['stuck'] },
  stuck: {
    retry: [
      'approved',
      'sealed',
      'linked',
      'undoing',
      'retrieving',
      'fetchVerified',
      'recalled',
      'moving',
      'moveSealed',
    ],
    abandon: ['abandoned', 'undoing'],
    undo: ['abandoned', 'undoing'],
    cancel: ['linked', 'recalled', 'moveSealed'],
    move: ['moveSealed'],
  },
  abandoned: {},
};

/** The state that `event` leads to from `from`, or undefined where the table has no such transition. */
export function next(from: FileState, event: FileEvent): readonly FileState[] | undefined {
  return transitions[from][event];
}

/**
 * The states that a service acts on next. The state of a bag is the first of these that one of its files is in. An undo
 * comes first: it waits for nothing. Retrievals follow, as a person waits for the images; then the order in which a bag
 * passes through the stages.
 */
export const workStates = [
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
] as const satisfies readonly FileState[];
export type WorkState = (typeof workStates)[number];

/** In these states a file is on its way to another store, with its bag; its link remains in place throughout. */
export const movingStates = [
  'moving',
  'moveCopied',
  'moveVerified',
  'moveSealed',
] as const satisfies readonly WorkState[];

/** Where a retry takes a stuck file, given the state in which it got stuck. */
export function retryState(stuckFrom: FileState): FileState {
  switch (stuckFrom) {
    case 'sealed':
    case 'linked':
    case 'undoing':
    case 'fetchVerified':
    case 'recalled':
    case 'moveSealed':
      return stuckFrom;
    case 'moving':
    case 'moveCopied':
    case 'moveVerified':
      return 'moving';
    case 'retrieving':
    case 'online':
    case 'fetched':
      return 'retrieving';
    case 'registered':
    case 'approved':
    case 'hashed':
    case 'copied':
    case 'verified':
      return 'approved';
    default:
      throw new RangeError(`a file cannot be stuck from ${stuckFrom}`);
  }
}

export const requestStates = ['New', 'Approved', 'Declined', 'Running', 'Error', 'Finished'] as const;
export type RequestState = (typeof requestStates)[number];
