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
 * A store that is away (unmounted, marker gone, no answer) throws `Transient` with code `STORE_AWAY`, from any verb.
 */
export interface Store {
  readonly name: string;
  readonly kind: string;
  /** The ways of reading a copy back that this store's settings accept as proof. */
  readonly acceptedReads: readonly CopyRead[];

  /** Throws where the store cannot be used so: away (`STORE_AWAY`), read-only (`STORE_READ_ONLY`), unsafe place (`STORE_INSIDE_OMERO`, `STORE_ON_SAME_FILE_SYSTEM`). */
  check(use: StoreUse): Promise<void>;

  /**
   * Copies sources into the open bag, all synced to disk when it returns. An unfinished or unproven copy from an earlier
   * try is replaced. A full disk is `Transient` `STORE_FULL` for the whole call. A sealed bag: `Refused` `BAG_SEALED`.
   */
  put(bag: string, sources: readonly Source[], work: Work): Promise<readonly Outcome<{ readonly size: bigint }>[]>;

  /**
   * Reads copies back, around any cache of this machine, and hashes them. Missing: `Refused` `COPY_MISSING`.
   * Works on open and sealed bags alike.
   */
  digest(bag: string, paths: readonly Buffer[], algorithms: readonly DigestAlgorithm[], work: Work): Promise<readonly Outcome<CopyDigest>[]>;

  /**
   * Closes the bag: writes the tag files, drops everything from it that is not in `paths`, protects it against change.
   * Repeated with the same tag files it succeeds; with others `Refused` `BAG_SEALED`. A copy in `paths` that is missing:
   * `Refused` `COPY_MISSING`, and the bag stays open.
   */
  seal(bag: string, paths: readonly Buffer[], tags: readonly TagFile[], work: Work): Promise<void>;

  /** Looks at copies without reading them. `undefined` only where the store says that there is no such copy. */
  stat(bag: string, paths: readonly Buffer[]): Promise<readonly (CopyStatus | undefined)[]>;

  /** What a link in the original's place has to hold to reach the copy: an absolute path, as bytes. */
  linkTarget(bag: string, path: Buffer): Buffer;

  /** Frees threads and connections; may be called twice. */
  close(): Promise<void>;
}
