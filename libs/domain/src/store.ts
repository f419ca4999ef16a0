import type { ColdroomError, Refused } from './errors';
import type { FileSystemLook } from './file-system';
import type { Answer, CopyRead, DigestAlgorithm, Digests, Identity } from './model';

/** A source file to be put into a bag. */
export interface Source {
  /** Absolute directory of the root. */
  readonly root: string;
  /** Bytes below the root. */
  readonly path: Buffer;
  /** Its target, below the bag's `data/`. */
  readonly copyPath: Buffer;
  /** The copy fails with `SOURCE_CHANGED` if the file on disk is no longer this one. */
  readonly identity: Identity;
}

/** One answer for each file, in the order requested: an error concerns that file only. */
export type Outcome<T> = { readonly ok: T } | { readonly error: ColdroomError };

/** The limits of a piece of work: who may stop it, and where it reports progress. */
export interface Work {
  readonly signal: AbortSignal;
  /**
   * The end of the claim, in nanoseconds of `process.hrtime.bigint()`, extended while the claim holds. After it,
   * nothing that others would see may be changed. In shared memory, so that threads see it too.
   */
  readonly deadline: BigInt64Array;
  /** Called from time to time with the number of bytes done since the last call. */
  readonly progress: (bytes: number) => void;
}

export interface CopyDigest {
  readonly digests: Digests;
  readonly size: bigint;
  readonly read: CopyRead;
  /** Opaque; changes whenever the copy could have changed. */
  readonly version: string;
}

/** What earlier looks at stores found about names, for those who have no access to stores themselves. */
export interface KnownNames {
  /** Bytes in the longest name, by the directory of a store. */
  readonly longest: ReadonlyMap<string, number>;
  /** What its server does not keep in names, by the name of a store. */
  readonly notKept: ReadonlyMap<string, readonly string[]>;
}

/** What a program will do with a store. */
export type StoreUse = 'read' | 'write';

/** And with the directory in which its recalled copies are placed, if it has one. */
export type RecallUse = StoreUse | 'none';

export interface CopyStatus {
  readonly size: bigint;
  readonly version: string;
  /** Is the copy safe enough, by the policy of this store, to give up the original? */
  readonly durable: Answer;
  /** The store's own description of its progress, kept verbatim. */
  readonly replicationState: string;
  /** Can anyone but root open the copy for writing through the link? */
  readonly writable: Answer;
}

/** Whether a copy can be fetched at once. */
export interface Availability {
  readonly online: boolean;
  /** The store's own word: `in progress`, `archived`, `local`. */
  readonly state: string;
}

/** Where a fetched copy is written. */
export interface FetchOrder {
  /** Below the bag's `data/`. */
  readonly path: Buffer;
  /** A copy of another size is `Refused` `COPY_SIZE`. */
  readonly size: bigint;
  readonly target: { readonly root: string; readonly path: Buffer };
  /** How often it was fetched before and found wrong: a store with several copies then reads another one. */
  readonly attempt?: number;
}

/** A file of a bag that is not payload: a manifest or the OMERO description. */
export interface TagFile {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * Where copies are stored. This is what every store guarantees; the conformance suite in libs/stores tests each one.
 *
 * A bag is *open* from its first `put` until `seal`; a sealed bag never changes. Nothing outside open bags is ever
 * overwritten or removed. Every method may be repeated after a crash and then ends in the same state. A store that is
 * unavailable (unmounted, marker missing, no answer) throws `Transient` with code `STORE_UNAVAILABLE`, from any method.
 */
export interface Store {
  readonly name: string;
  readonly kind: string;
  /** The ways of reading a copy back that this store's settings accept as proof. */
  readonly acceptedReads: readonly CopyRead[];
  /**
   * The digest, besides SHA-256, by which the store itself compares copies: also computed of the originals, and written
   * into the bag's manifests.
   */
  readonly wantedDigests: readonly DigestAlgorithm[];

  /** Its settings accept that nothing protects sealed copies against change. */
  readonly unprotected?: boolean;

  /** Nothing is ever written to it: it is the archive of another program. No request, and no move, may go there. */
  readonly isOnlyRead?: boolean;

  /**
   * Throws where the store cannot be used in this way: unavailable (`STORE_UNAVAILABLE`), read-only
   * (`STORE_READ_ONLY`), rights missing (`STORE_DENIED`), unsafe location (`STORE_INSIDE_OMERO`,
   * `STORE_ON_SAME_FILE_SYSTEM`), unable to protect or to prove copies (`STORE_NOT_PROTECTED`, `STORE_NOT_PROVABLE`,
   * `FILE_SYSTEM_UNABLE`), another place than the register knows (`ROOT_REPLACED`; only before a write, and in a
   * directory by the register itself). Tries nothing that was not requested. `recall` is `read` by default.
   */
  check(use: StoreUse, recall?: RecallUse): Promise<void>;

  /** Of stores with keys: what the last `check('write')` found that they do not keep in names. Such files are refused. */
  readonly namesNotKept?: readonly string[];

  /**
   * Why no bag of this store can have a copy under this path, whatever the bag's name is: `PATH_TOO_LONG`,
   * `NAME_NOT_KEPT`. Undefined where nothing is known against it. Looks at nothing.
   */
  refusalOf(copyPath: Buffer, known: KnownNames): Refused | undefined;

  /** Of stores in directories: their file systems as the last `check('write')` found them, also one that refused. */
  readonly fileSystems?: readonly FileSystemLook[];

  /**
   * Copies sources into the open bag, all synced to disk when it returns. An unfinished or unproven copy from an
   * earlier attempt is replaced. A full disk is `Transient` `STORE_FULL` for the whole call. A sealed bag: `Refused`
   * `BAG_SEALED`.
   */
  put(bag: string, sources: readonly Source[], work: Work): Promise<readonly Outcome<{ readonly size: bigint }>[]>;

  /**
   * Reads copies back, bypassing any cache of this machine, and hashes them. Missing: `Refused` `COPY_MISSING`;
   * offline: `NotYet` `COPY_OFFLINE`, and the store is not asked to bring it online. Works on open and sealed bags
   * alike.
   */
  digest(
    bag: string,
    paths: readonly Buffer[],
    algorithms: readonly DigestAlgorithm[],
    work: Work,
  ): Promise<readonly Outcome<CopyDigest>[]>;

  /**
   * Closes the bag: writes the tag files (a store that cannot have the names of all files lists those that it has, and
   * `readBag` leads them back), removes everything that is not in `paths`, protects it against change.
   * Repeating it with the same tag files succeeds; with others it is `Refused` `BAG_SEALED`. A copy in `paths` that is
   * missing: `Refused` `COPY_MISSING`, and the bag stays open.
   */
  seal(bag: string, paths: readonly Buffer[], tags: readonly TagFile[], work: Work): Promise<void>;

  /** Whether the bag is sealed; in a store of several copies, whether it is sealed in all of them. */
  isSealed(bag: string): Promise<boolean>;

  /** Inspects copies without reading them. `undefined` only where the store reports that there is no such copy. */
  stat(bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]>;

  /**
   * Reports whether copies in a sealed bag can be fetched at once, and asks the store to bring the others online. May
   * be called again at any time, and sends the store no request twice. Missing: `Refused` `COPY_MISSING`.
   */
  bringOnline(bag: string, paths: readonly Buffer[], work: Work): Promise<readonly Outcome<Availability>[]>;

  /**
   * Writes copies of a sealed bag into new files below a root with a marker, synced with their names when it returns.
   * Missing directories are made. What an earlier attempt left at the target is replaced, so nothing but our own files
   * may be there. Proves nothing. A copy that is offline: `NotYet` `COPY_OFFLINE`; a full target: `Transient`
   * `TARGET_FULL` for the whole call.
   */
  fetch(bag: string, orders: readonly FetchOrder[], work: Work): Promise<readonly Outcome<{ readonly size: bigint }>[]>;

  /** The names of all sealed bags, in no particular order, never all in memory. */
  bags(): AsyncIterable<string>;

  /** Of a store in a directory: entries beside the bags that are not Coldroom's, such as `lost+found`. Never touched. */
  foreign?(): AsyncIterable<string>;

  /** Every copy in a sealed bag with its size, whether a manifest names it or not; never all bags in memory at once. */
  list(bag: string): Promise<readonly { readonly path: Buffer; readonly size: bigint }[]>;

  /**
   * A tag file of a sealed bag, or undefined where the store reports that there is none. Over 64 MiB: `Refused`
   * `TAG_TOO_LARGE`.
   */
  readTag(bag: string, name: string): Promise<Buffer | undefined>;

  /**
   * For stores whose links lead elsewhere than to the copies: the directory in which recalled copies are placed, at
   * `<bag>/data/<path>`, with a marker named `recall`. Undefined where links lead to the copies themselves.
   */
  readonly recallRoot: string | undefined;

  /** The target of a link in the original's place that reaches the copy: an absolute path, as bytes. */
  linkTarget(bag: string, path: Buffer): Buffer;

  /** Frees threads and connections; may be called twice. */
  close(): Promise<void>;
}
