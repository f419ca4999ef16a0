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

/** OMERO's own record of a file's content: unset, of an algorithm we may not know, not always right. */
export interface OmeroHash {
  readonly algorithm: string;
  readonly value: string;
}

/** Who and when on disk, from lstat or fstat. Times are nanoseconds since 1970. */
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

/** No file has been looked at: after a retry the file is taken as it is when it is hashed. */
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
  /** As seen at the scan, or `unseen` after a retry; renewed when the original is hashed. */
  readonly identity: Identity;
  readonly digests: Digests;
  /** The store's word for this very copy when it was proven; see `Store.digest`. */
  readonly copyVersion: string | null;
  readonly copyRead: CopyRead | null;
  /** SHA-256 of the copy, from the read that proved it. */
  readonly copyDigest: string | null;
  /** What was wrong with the copy when it was last checked; absent or null where nothing was, or where it was not read since a rebuild. */
  readonly copyFault?: string | null;
  /** How often the copy failed its verification. */
  readonly copyAttempts: number;
  readonly linkedAt: Date | null;
  /** How it was last requested back, or null: `restore` to its own path, `recall` to where its link leads, for a while. Stays after a cancel. */
  readonly retrieval: Retrieval | null;
  /** What was last fetched and proven, as it lay in staging; it has to be the same file still when it is placed. */
  readonly fetched: Identity | null;
  /** Until when a recalled copy stays online. */
  readonly onlineUntil: Date | null;
  /** What proved its copy in the store that its bag moves to; the facts above stay those of the store it leaves until all links lead to the other. */
  readonly elsewhere?: ProvenCopy;
}

/** What the read that proved a copy said of it. */
export interface ProvenCopy {
  readonly version: string;
  readonly digest: string;
  readonly read: CopyRead;
}

export type Retrieval = 'restore' | 'recall';

/**
 * How a copy was read back: `direct` around the page cache, `dropped` after the cache was told to forget it,
 * `cached` where the file system allows neither; `remote` out of a store on another machine; `attested` where it was not
 * read at all and the store's own digest of it was taken.
 */
export type CopyRead = 'direct' | 'dropped' | 'cached' | 'remote' | 'attested';

/** Where a copy lies in a store. */
export interface CopyKey {
  readonly bag: string;
  /** Bytes below the bag's `data/`: root name, slash, path below the root. */
  readonly path: Buffer;
}

/** The path of a file's copy below its bag's `data/`. */
export function copyPath(file: Pick<ArchiveFile, 'root' | 'path'>): Buffer {
  return Buffer.concat([Buffer.from(`${file.root}/`), file.path]);
}
