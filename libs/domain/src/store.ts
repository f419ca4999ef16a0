import type { ColdroomError } from './errors';
import type { CopyRead, DigestAlgorithm, Digests, Identity } from './model';

/** A source file to be put into a bag. */
export interface Source {
  /** Absolute directory of the root. */
  readonly root: string;
  /** Bytes below the root. */
  readonly path: Buffer;
  /** Where it goes, below the bag's `data/`. */
  readonly copyPath: Buffer;
  /** The copy fails with `SOURCE_CHANGED` where the file on disk is not this one any more. */
  readonly identity: Identity;
}

/** One answer a file, in the order asked: an error voids that file only. */
export type Outcome<T> = { readonly ok: T } | { readonly error: ColdroomError };

/** What bounds a piece of work: who may stop it, and where it tells how far it came. */
export interface Work {
  readonly signal: AbortSignal;
  /**
   * Until when the claim holds, in nanoseconds of `process.hrtime.bigint()`, renewed while it does; past it nothing that
   * others would see may be changed. In shared memory, so that threads see it too.
   */
  readonly deadline: BigInt64Array;
  /** Called now and then with the number of bytes done since the last call. */
  readonly progress: (bytes: number) => void;
}

export interface CopyDigest {
  readonly digests: Digests;
  readonly size: bigint;
  readonly read: CopyRead;
  /** Opaque; changes whenever the copy could have changed. */
  readonly version: string;
}

export type Answer = 'yes' | 'no' | 'unknown';

/** What a program is about to do with a store. */
export type StoreUse = 'read' | 'write';

/** And with the directory that its recalled copies are placed in, where it has one. */
export type RecallUse = StoreUse | 'none';

export interface CopyStatus {
  readonly size: bigint;
  readonly version: string;
  /** Is the copy safe enough, by the policy set for this store, to give up the original? */
  readonly durable: Answer;
  /** The store's own word for how far it is, kept as it says it. */
  readonly replicationState: string;
  /** Can the copy be opened for writing by anyone but root through the link? */
  readonly writable: Answer;
}

/** Whether a copy can be fetched at once. */
export interface Availability {
  readonly online: boolean;
  /** The store's own word: `in progress`, `archived`, `local`. */
  readonly state: string;
}

/** Where a fetched copy is to be written. */
export interface FetchOrder {
  /** Below the bag's `data/`. */
  readonly path: Buffer;
  /** A copy of another size is `Refused` `COPY_SIZE`. */
  readonly size: bigint;
  readonly target: { readonly root: string; readonly path: Buffer };
  /** How often it was fetched before and found wrong: a store with several copies takes another one then. */
  readonly attempt?: number;
}

/** A file of a bag besides its payload: manifests and the OMERO description. */
export interface TagFile {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * Where copies live. What every store promises; the conformance suite in libs/stores holds each to it.
 *
 * A bag is *open* from its first `put` until `seal`; a sealed bag never changes. Nothing outside open bags is ever
 * overwritten or removed. Every verb may be repeated after a crash and then ends in the same state.
 * A store that is unavailable (unmounted, marker gone, no answer) throws `Transient` with code `STORE_UNAVAILABLE`, from any verb.
 */
export interface Store {
  readonly name: string;
  readonly kind: string;
  /** The ways of reading a copy back that this store's settings accept as proof. */
  readonly acceptedReads: readonly CopyRead[];
  /** What the store itself compares copies by, besides SHA-256: taken of the originals too, and written into the bag's manifests. */
  readonly wantedDigests: readonly DigestAlgorithm[];

  /**
   * Throws where the store cannot be used so: away (`STORE_UNAVAILABLE`), read-only (`STORE_READ_ONLY`), no right (`STORE_DENIED`), unsafe place
   * (`STORE_INSIDE_OMERO`, `STORE_ON_SAME_FILE_SYSTEM`). Tries nothing that was not asked for. `recall` is `read` where it is left out.
   */
  check(use: StoreUse, recall?: RecallUse): Promise<void>;

  /**
   * Copies sources into the open bag, all synced to disk when it returns. An unfinished or unproven copy from an earlier
   * try is replaced. A full disk is `Transient` `STORE_FULL` for the whole call. A sealed bag: `Refused` `BAG_SEALED`.
   */
  put(bag: string, sources: readonly Source[], work: Work): Promise<readonly Outcome<{ readonly size: bigint }>[]>;

  /**
   * Reads copies back, around any cache of this machine, and hashes them. Missing: `Refused` `COPY_MISSING`;
   * offline: `NotYet` `COPY_OFFLINE`, and nothing is asked to bring it online. Works on open and sealed bags alike.
   */
  digest(
    bag: string,
    paths: readonly Buffer[],
    algorithms: readonly DigestAlgorithm[],
    work: Work,
  ): Promise<readonly Outcome<CopyDigest>[]>;

  /**
   * Closes the bag: writes the tag files, drops everything from it that is not in `paths`, protects it against change.
   * Repeated with the same tag files it succeeds; with others `Refused` `BAG_SEALED`. A copy in `paths` that is missing:
   * `Refused` `COPY_MISSING`, and the bag stays open.
   */
  seal(bag: string, paths: readonly Buffer[], tags: readonly TagFile[], work: Work): Promise<void>;

  /** Whether the bag is sealed; in a store of several copies, in all of them. */
  isSealed(bag: string): Promise<boolean>;

  /** Looks at copies without reading them. `undefined` only where the store says that there is no such copy. */
  stat(bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]>;

  /**
   * Says of copies in a sealed bag whether they can be fetched at once, and asks the store to bring the others online. May be
   * asked again at any time, and asks the store for nothing twice. Missing: `Refused` `COPY_MISSING`.
   */
  bringOnline(bag: string, paths: readonly Buffer[], work: Work): Promise<readonly Outcome<Availability>[]>;

  /**
   * Writes copies of a sealed bag into new files below a root with a marker, synced with their names when it returns. Directories
   * on the way are made; what an earlier try left at the target is replaced, so the target must be a place of ours alone.
   * Proves nothing. A copy that is offline: `NotYet` `COPY_OFFLINE`; a full target: `Transient` `TARGET_FULL` for the whole call.
   */
  fetch(bag: string, orders: readonly FetchOrder[], work: Work): Promise<readonly Outcome<{ readonly size: bigint }>[]>;

  /** The names of all sealed bags, in no particular order, never all in memory. */
  bags(): AsyncIterable<string>;

  /** Every copy in a sealed bag with its size, whether a manifest names it or not, never all bags in memory at once. */
  list(bag: string): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]>;

  /** A tag file of a sealed bag, or undefined where the store says that there is none. Over 64 MiB: `Refused` `TAG_TOO_LARGE`. */
  readTag(bag: string, name: string): Promise<Buffer | undefined>;

  /**
   * Where links lead into another place than the store itself: the directory that recalled copies are placed in, at
   * `<bag>/data/<path>`, carrying a marker named `recall`. Undefined where links lead to the copies themselves.
   */
  readonly recallRoot: string | undefined;

  /** What a link in the original's place has to hold to reach the copy: an absolute path, as bytes. */
  linkTarget(bag: string, path: Buffer): Buffer;

  /** Frees threads and connections; may be called twice. */
  close(): Promise<void>;
}
