import { ColdroomError, type CopyRead, type Store, type Work } from '@coldroom/domain';

/** The expected properties of a copy. */
export interface ExpectedCopy {
  /** Below the bag's `data/`. */
  readonly path: Buffer;
  readonly size: bigint;
  readonly sha256: string | null;
  /** The version that was last seen, or null if none was. */
  readonly version: string | null;
  /** A read has proven this version, and no later read found a fault. */
  readonly proven: boolean;
}

/** A read in a way that the store's settings accept as proof. */
export interface Proof {
  readonly version: string;
  readonly read: CopyRead;
}

export type CopyVerdict =
  /** `proof` if the copy had none before. */
  | { readonly kind: 'good'; readonly read: CopyRead; readonly proof?: Proof }
  /**
   * `right` if the content is as recorded although the copy is not the one that was proven, as after a restored backup.
   */
  | { readonly kind: 'bad'; readonly code: string; readonly reason: string; readonly right?: Proof }
  /** Offline: the store was not asked to bring it online. */
  | { readonly kind: 'offline' }
  /** It could not be read, which proves nothing. */
  | { readonly kind: 'unread'; readonly code: string; readonly reason: string };

/** The errors that prove a copy wrong; every other error only means that it was not read. */
const faults = ['COPY_MISSING', 'COPY_CHANGED', 'COPY_SIZE', 'NOT_A_REGULAR_FILE', 'PARENT_NOT_A_DIRECTORY'];

/**
 * Reads copies of one bag where they are stored and compares them: one verdict for each, in the order requested.
 * Changes nothing, and brings nothing online.
 */
export async function checkCopies(
  store: Store,
  bag: string,
  copies: readonly ExpectedCopy[],
  work: Work,
): Promise<readonly CopyVerdict[]> {
  const outcomes = await store.digest(
    bag,
    copies.map(({ path }) => path),
    ['SHA-256'],
    work,
  );
  return copies.map((copy, at): CopyVerdict => {
    const outcome = outcomes[at];
    if (!outcome) throw new Error(`the store ${store.name} gave no answer for a copy in ${bag}`);
    if ('error' in outcome) return ofError(outcome.error);
    const { digests, size, version, read } = outcome.ok;
    const found = digests['SHA-256'];
    if (size !== copy.size) return { kind: 'bad', code: 'COPY_SIZE', reason: `it has ${size} bytes, not ${copy.size}` };
    if (copy.sha256 === null || found === undefined)
      return { kind: 'unread', code: 'NO_DIGEST', reason: 'there is no SHA-256 to compare it with' };
    if (found !== copy.sha256)
      return { kind: 'bad', code: 'COPY_DIFFERS', reason: `its SHA-256 is ${found}, not ${copy.sha256}` };
    const proof = store.acceptedReads.includes(read) ? { version, read } : null;
    if (copy.version === null || copy.version === version)
      return { kind: 'good', read, ...(proof && !copy.proven ? { proof } : {}) };
    return {
      kind: 'bad',
      code: 'COPY_CHANGED',
      reason: 'its content is right, but it is not the copy that was proven',
      ...(proof ? { right: proof } : {}),
    };
  });
}

function ofError(error: ColdroomError): CopyVerdict {
  if (error.code === 'COPY_OFFLINE') return { kind: 'offline' };
  return {
    kind: error.kind === 'refused' && faults.includes(error.code) ? 'bad' : 'unread',
    code: error.code,
    reason: error.message,
  };
}
