/** The states of a file. Each names a fact; docs: libs/domain/README.md. */
export const fileStates = [
  'registered',
  'skipped',
  'approved',
  'declined',
  'checksummed',
  'transferred',
  'verified',
  'durable',
  'undoing',
  'undone',
  'linked',
  'released',
  'restoring',
  'near',
  'fetched',
  'proven',
  'restored',
  'recalled',
  'leaving',
  'arrived',
  'matched',
  'settled',
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
  'store',
  'link',
  'undo',
  'return',
  'release',
  'restore',
  'bringNear',
  'bringNearAgain',
  'fetch',
  'prove',
  'fetchAgain',
  'place',
  'expire',
  'cancel',
  'move',
  'carry',
  'match',
  'carryAgain',
  'settle',
  'relink',
  'fail',
  'retry',
  'abandon',
] as const;
export type FileEvent = (typeof fileEvents)[number];

/**
 * The one table of moves; the database holds the same list (a test compares them).
 * `stuck` goes back by `retry`: to `approved` while its bag was still open, else to where it stood.
 */
export const transitions: Readonly<Record<FileState, Partial<Record<FileEvent, readonly FileState[]>>>> = {
  registered: { approve: ['approved'], decline: ['declined'], fail: ['stuck'] },
  skipped: {},
  approved: { hash: ['checksummed'], fail: ['stuck'], undo: ['abandoned'], abandon: ['abandoned'] },
  declined: {},
  checksummed: { copy: ['transferred'], fail: ['stuck'], undo: ['abandoned'], abandon: ['abandoned'] },
  transferred: {
    verify: ['verified'],
    copyAgain: ['checksummed'],
    fail: ['stuck'],
    undo: ['abandoned'],
    abandon: ['abandoned'],
  },
  verified: { store: ['durable'], fail: ['stuck'], undo: ['abandoned'], abandon: ['abandoned'] },
  durable: { link: ['linked'], fail: ['stuck'], undo: ['undoing'], abandon: ['undoing'] },
  undoing: { return: ['undone'], restore: ['restoring'], fail: ['stuck'] },
  undone: {},
  linked: {
    release: ['released'],
    undo: ['undoing'],
    restore: ['restoring'],
    place: ['restored'],
    move: ['leaving'],
    fail: ['stuck'],
  },
  released: { restore: ['restoring'], move: ['leaving'] },
  restoring: { bringNear: ['near'], cancel: ['linked', 'recalled'], undo: ['undoing'], fail: ['stuck'] },
  near: {
    fetch: ['fetched'],
    bringNearAgain: ['restoring'],
    cancel: ['linked', 'recalled'],
    undo: ['undoing'],
    fail: ['stuck'],
  },
  fetched: {
    prove: ['proven'],
    fetchAgain: ['near'],
    cancel: ['linked', 'recalled'],
    undo: ['undoing'],
    fail: ['stuck'],
  },
  proven: {
    place: ['restored', 'recalled'],
    fetchAgain: ['near'],
    cancel: ['linked', 'recalled'],
    undo: ['undoing'],
    fail: ['stuck'],
  },
  restored: {},
  recalled: { expire: ['linked'], restore: ['restoring'], undo: ['undoing'], fail: ['stuck'] },
  leaving: { carry: ['arrived'], cancel: ['linked'], fail: ['stuck'] },
  arrived: { match: ['matched'], carryAgain: ['leaving'], cancel: ['linked'], fail: ['stuck'] },
  matched: { settle: ['settled'], cancel: ['linked'], fail: ['stuck'] },
  settled: { relink: ['linked'], cancel: ['settled'], move: ['settled'], fail: ['stuck'] },
  stuck: {
    retry: ['approved', 'durable', 'linked', 'undoing', 'restoring', 'proven', 'recalled', 'leaving', 'settled'],
    abandon: ['abandoned', 'undoing'],
    undo: ['abandoned', 'undoing'],
    cancel: ['linked', 'recalled', 'settled'],
    move: ['settled'],
  },
  abandoned: {},
};

/** Where `event` leads from `from`, or undefined where the table has no such move. */
export function next(from: FileState, event: FileEvent): readonly FileState[] | undefined {
  return transitions[from][event];
}

/**
 * States that a service acts on next. A bag is in the first of these in which one of its files is: an undo waits for nothing,
 * nor does a person who wants images back; then comes the order in which a bag goes through them.
 */
export const workStates = [
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
] as const satisfies readonly FileState[];
export type WorkState = (typeof workStates)[number];

/** In these a file is on its way to another store, by its bag; its link is in place all the while. */
export const movingStates = ['leaving', 'arrived', 'matched', 'settled'] as const satisfies readonly WorkState[];

/** Where a stuck file goes on a retry, given the state it was stuck from. */
export function retryState(stuckFrom: FileState): FileState {
  switch (stuckFrom) {
    case 'durable':
    case 'linked':
    case 'undoing':
    case 'proven':
    case 'recalled':
    case 'settled':
      return stuckFrom;
    case 'leaving':
    case 'arrived':
    case 'matched':
      return 'leaving';
    case 'restoring':
    case 'near':
    case 'fetched':
      return 'restoring';
    case 'registered':
    case 'approved':
    case 'checksummed':
    case 'transferred':
    case 'verified':
      return 'approved';
    default:
      throw new RangeError(`a file cannot be stuck from ${stuckFrom}`);
  }
}

export const requestStates = ['New', 'Approved', 'Declined', 'Running', 'Error', 'Finished'] as const;
export type RequestState = (typeof requestStates)[number];
