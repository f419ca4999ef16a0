import type {
  ArchiveFile,
  CopyRead,
  Digests,
  FileState,
  Identity,
  ProvenCopy,
  RootName,
  Retrieval,
} from '@coldroom/domain';

/** Formats an identity as the register stores it: `dev:ino:size:mtime:ctime:links:mode:uid:gid`. */
export function formatIdentity(identity: Identity): string {
  const { dev, ino, size, mtimeNs, ctimeNs, links, mode, uid, gid } = identity;
  return [dev, ino, size, mtimeNs, ctimeNs, links, mode, uid, gid].join(':');
}

export function parseIdentity(text: string): Identity {
  const parts = text.split(':');
  const big = (index: number): bigint => BigInt(parts[index] ?? '');
  const small = (index: number): number => Number(parts[index]);
  if (parts.length !== 9) throw new RangeError(`not an identity: ${text}`);
  return {
    dev: big(0),
    ino: big(1),
    size: big(2),
    mtimeNs: big(3),
    ctimeNs: big(4),
    links: small(5),
    mode: small(6),
    uid: small(7),
    gid: small(8),
  };
}

/** The columns that make an ArchiveFile. */
export const fileColumns = `f.id, f.request_id, f.bag_id, f.fileset, f.root, f.path, f.size, f.state, f.original_file_id,
  f.pixels_id, f.omero_algorithm, f.omero_hash, f.identity, f.digests, f.copy_version, f.copy_digest, f.copy_read, f.copy_fault, f.copy_attempts, f.linked_at,
  f.retrieval, f.fetched, f.online_until, f.moved_version, f.moved_digest, f.moved_read, f.code`;

export interface FileRow {
  id: bigint;
  request_id: bigint;
  bag_id: bigint | null;
  fileset: string;
  root: RootName;
  path: Buffer;
  size: bigint;
  state: FileState;
  original_file_id: bigint | null;
  pixels_id: bigint | null;
  omero_algorithm: string | null;
  omero_hash: string | null;
  identity: string;
  digests: Digests;
  copy_version: string | null;
  copy_digest: string | null;
  copy_fault: string | null;
  copy_read: CopyRead | null;
  copy_attempts: number;
  linked_at: Date | null;
  retrieval: Retrieval | null;
  fetched: string | null;
  online_until: Date | null;
  moved_version: string | null;
  moved_digest: string | null;
  moved_read: CopyRead | null;
  code: string | null;
}

export function toFile(row: FileRow): ArchiveFile {
  return {
    id: row.id,
    requestId: row.request_id,
    bagId: row.bag_id,
    fileset: row.fileset,
    root: row.root,
    path: row.path,
    size: row.size,
    state: row.state,
    omeroHash:
      row.omero_algorithm !== null && row.omero_hash !== null
        ? { algorithm: row.omero_algorithm, value: row.omero_hash }
        : null,
    originalFileId: row.original_file_id,
    pixelsId: row.pixels_id,
    identity: parseIdentity(row.identity),
    digests: row.digests,
    copyVersion: row.copy_version,
    copyDigest: row.copy_digest,
    ...(row.copy_fault === null ? {} : { copyFault: row.copy_fault }),
    ...(row.code === null || row.state === 'stuck' ? {} : { failedWith: row.code }),
    copyRead: row.copy_read,
    copyAttempts: row.copy_attempts,
    linkedAt: row.linked_at,
    retrieval: row.retrieval,
    fetched: row.fetched === null ? null : parseIdentity(row.fetched),
    onlineUntil: row.online_until,
    ...elsewhere(row),
  };
}

function elsewhere({ moved_version: version, moved_digest: digest, moved_read: read }: FileRow): {
  readonly elsewhere?: ProvenCopy;
} {
  return version === null || digest === null || read === null ? {} : { elsewhere: { version, digest, read } };
}
