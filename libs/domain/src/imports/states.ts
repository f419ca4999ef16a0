/** The states of an import order. Each names a fact; docs: libs/domain/README.md. */
export const importStates = [
  'ordered',
  'settled',
  'locked',
  'listed',
  'hashed',
  'synced',
  'importing',
  'imported',
  'verified',
  'done',
  'emptied',
  'stuck',
  'cancelled',
] as const;
export type ImportState = (typeof importStates)[number];

export const importEvents = [
  'settle',
  'lock',
  'list',
  'hash',
  'sync',
  'attempt',
  'takeOver',
  'verify',
  'unlock',
  'empty',
  'changed',
  'fail',
  'retry',
  'cancel',
] as const;
export type ImportEvent = (typeof importEvents)[number];

/**
 * The table of transitions. An order is imported in attempts: `importing` is left only when OMERO's database has been
 * asked what the last attempt made. `changed` starts again with a set that was not locked yet and has changed. A `stuck`
 * order is left by `retry`, to `importRetryState`.
 */
export const importTransitions: Readonly<Record<ImportState, Partial<Record<ImportEvent, readonly ImportState[]>>>> = {
  ordered: { settle: ['settled'], cancel: ['cancelled'], fail: ['stuck'] },
  settled: { lock: ['locked'], changed: ['ordered'], cancel: ['cancelled'], fail: ['stuck'] },
  locked: { list: ['listed'], cancel: ['cancelled'], fail: ['stuck'] },
  listed: { hash: ['hashed'], cancel: ['cancelled'], fail: ['stuck'] },
  hashed: { sync: ['synced'], attempt: ['importing'], cancel: ['cancelled'], fail: ['stuck'] },
  synced: { attempt: ['importing'], cancel: ['cancelled'], fail: ['stuck'] },
  importing: { attempt: ['importing'], takeOver: ['imported'], cancel: ['cancelled'], fail: ['stuck'] },
  imported: { verify: ['verified'], fail: ['stuck'] },
  verified: { unlock: ['done'], fail: ['stuck'] },
  done: { empty: ['emptied'] },
  emptied: {},
  stuck: { retry: ['ordered', 'locked', 'importing', 'imported', 'verified'], cancel: ['cancelled'] },
  cancelled: {},
};

export function nextImportState(from: ImportState, event: ImportEvent): readonly ImportState[] | undefined {
  return importTransitions[from][event];
}

/**
 * Where a retry takes an order, given the state in which it got stuck. What was read before an import is read again, from
 * the locked files; an attempt that may have made something is looked for before another one begins.
 */
export function importRetryState(stuckFrom: ImportState): ImportState {
  switch (stuckFrom) {
    case 'ordered':
    case 'settled':
      return 'ordered';
    case 'locked':
    case 'listed':
    case 'hashed':
    case 'synced':
      return 'locked';
    case 'importing':
    case 'imported':
    case 'verified':
      return stuckFrom;
    default:
      throw new RangeError(`an order cannot be stuck from ${stuckFrom}`);
  }
}
