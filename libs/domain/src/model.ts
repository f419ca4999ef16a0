import type { FileState } from './states';

/** A root that holds originals: OMERO's managed repository, or a tree of OMERO 4. */
export const rootNames = ['ManagedRepository', 'Pixels', 'Files'] as const;
export type RootName = (typeof rootNames)[number];

/** OMERO's checksum algorithms, spelled as in `checksumalgorithm.value`. */
export const omeroAlgorithms = [
  'SHA1-160',
  'MD5-128',
  'Murmur3-128',
  'Murmur3-32',
  'CRC-32',
  'Adler-32',
  'File-Size-64',
] as const;
export type OmeroAlgorithm = (typeof omeroAlgorithms)[number];

export type DigestAlgorithm = 'SHA-256' | OmeroAlgorithm;

/** Lower-case hex by algorithm; OMERO's integer hashes least significant byte first, as OMERO writes them. */
export type Digests = Readonly<Partial<Record<DigestAlgorithm, string>>>;

/** OMERO's own record of a file's content: it may be unset, use an algorithm that we do not know, or be wrong. */
export interface OmeroHash {
  readonly algorithm: string;
  readonly value: string;
}

/** Owner, mode and times on disk, from lstat or fstat. Times are nanoseconds since 1970. */
export interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly links: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** No file has been inspected: after a retry the file is accepted as it is when it is hashed. */
export const unseen: Identity = {
  dev: 0n,
  ino: 0n,
  size: 0n,
  mtimeNs: 0n,
  ctimeNs: 0n,
  links: 0,
  mode: 0,
  uid: 0,
  gid: 0,
};

/** One file of a request: the unit that has a state. */
export interface ArchiveFile {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly bagId: bigint | null;
  /** `Fileset:9`, or `Legacy:45` for OMERO 4 data that shares files, by its smallest pixels id. */
  readonly fileset: string;
  readonly root: RootName;
  /** Bytes below the root, no leading slash. */
  readonly path: Buffer;
  readonly size: bigint;
  readonly state: FileState;
  readonly omeroHash: OmeroHash | null;
  readonly originalFileId: bigint | null;
  readonly pixelsId: bigint | null;
  /** As seen at the scan, or `unseen` after a retry; updated when the original is hashed. */
  readonly identity: Identity;
  readonly digests: Digests;
  /** The store's own digest or identifier of this very copy when it was proven; see `Store.digest`. */
  readonly copyVersion: string | null;
  readonly copyRead: CopyRead | null;
  /** SHA-256 of the copy, from the read that proved it. */
  readonly copyDigest: string | null;
  /**
   * What was wrong with the copy at its last check; absent or null if nothing was, or if it was not read since a
   * rebuild.
   */
  readonly copyFault?: string | null;
  /** With what code its last attempt failed in its present state, while other files of its bag advanced. */
  readonly failedWith?: string;
  /** How often the copy failed its verification. */
  readonly copyAttempts: number;
  readonly linkedAt: Date | null;
  /**
   * How its retrieval was last requested, or null: `restore` to its own path, `recall` for some days to where its link
   * leads. Remains after a cancel.
   */
  readonly retrieval: Retrieval | null;
  /**
   * The file that was last fetched and proven, as it was in staging; it must still be the same file when it is placed.
   */
  readonly fetched: Identity | null;
  /** Until when a recalled copy stays online. */
  readonly onlineUntil: Date | null;
  /**
   * The proof of its copy in the store that its bag moves to. The facts above describe the copy in the old store until
   * all links lead to the new one.
   */
  readonly elsewhere?: ProvenCopy;
}

/** What the read that proved a copy reported of it. */
export interface ProvenCopy {
  readonly version: string;
  readonly digest: string;
  readonly read: CopyRead;
}

export type Retrieval = 'restore' | 'recall';

/** What OMERO arranges images in: datasets in projects, plates in screens. */
export const containerKinds = ['Dataset', 'Project', 'Plate', 'Screen'] as const;
export type ContainerKind = (typeof containerKinds)[number];

export interface Container {
  readonly kind: ContainerKind;
  readonly id: bigint;
}

/**
 * How a copy was read back: `direct` bypassed the page cache, `dropped` after the cache was asked to drop the file,
 * `cached` where the file system allows neither; `remote` from a store on another machine; `attested` without reading
 * it, from the store's own digest.
 */
export type CopyRead = 'direct' | 'dropped' | 'cached' | 'remote' | 'attested';

/** The location of a copy in a store. */
export interface CopyKey {
  readonly bag: string;
  /** Bytes below the bag's `data/`: root name, slash, path below the root. */
  readonly path: Buffer;
}

/** The path of a file's copy below its bag's `data/`. */
export function copyPath(file: Pick<ArchiveFile, 'root' | 'path'>): Buffer {
  return Buffer.concat([Buffer.from(`${file.root}/`), file.path]);
}

export type Answer = 'yes' | 'no' | 'unknown';
