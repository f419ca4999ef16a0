import type { SentFile } from '../set/manifest';

/** What is at the path of a file now; `sha256` is of a read in this very run, null if it could not be read. */
export interface LocalFile {
  readonly kind: 'file' | 'directory' | 'other';
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly sha256: string | null;
}

export interface SetFacts {
  /** What was sent. */
  readonly sent: { readonly files: number; readonly bytes: bigint; readonly manifest: string };
  /** What the server says that OMERO was proven to have, asked in this very run; null if it is not proven. */
  readonly proof: { readonly files: number; readonly bytes: bigint; readonly manifest: string } | null;
  /** Files in the directory of the set that were not sent. */
  readonly others: number;
  /** How long after the proof the copy stays, in milliseconds; null: always. */
  readonly removeAfterMs: number | null;
  readonly provenForMs: number;
  readonly acquiring: boolean;
}

export interface KeepReason {
  readonly code: string;
  readonly message: string;
}

const because = (code: string, message: string): KeepReason => ({ code, message });

/**
 * Every reason against removing a file of a set from this workstation; an empty list means that it may be removed. One
 * reason against one file keeps the whole set.
 */
export function reasonsToKeepCopy(sent: SentFile, local: LocalFile | null, set: SetFacts): readonly KeepReason[] {
  return [...reasonsOfSet(set), ...reasonsOfFile(sent, local)];
}

function reasonsOfSet({ sent, proof, others, removeAfterMs, provenForMs, acquiring }: SetFacts): readonly KeepReason[] {
  return [
    removeAfterMs === null ? because('KEPT', 'this workstation keeps what it has sent') : null,
    removeAfterMs !== null && provenForMs < removeAfterMs
      ? because('TOO_EARLY', 'the time is not over for which copies stay after the proof')
      : null,
    acquiring ? because('ACQUIRING', 'the microscope acquires') : null,
    others > 0 ? because('OTHER_FILES', `${others} files in the directory were not sent`) : null,
    proof === null ? because('NOT_PROVEN', 'the server has not proven that OMERO has the set') : null,
    proof !== null && proof.files !== sent.files
      ? because('FILES_DIFFER', `OMERO has ${proof.files} files of the set, and ${sent.files} were sent`)
      : null,
    proof !== null && proof.bytes !== sent.bytes
      ? because('BYTES_DIFFER', `OMERO has ${proof.bytes} bytes of the set, and ${sent.bytes} were sent`)
      : null,
    proof !== null && proof.manifest !== sent.manifest
      ? because('PROOF_DIFFERS', 'what OMERO has is not what was sent')
      : null,
  ].filter((reason) => reason !== null);
}

function reasonsOfFile(sent: SentFile, local: LocalFile | null): readonly KeepReason[] {
  if (local === null) return [because('GONE', 'nothing is at its path')];
  if (local.kind !== 'file') return [because('NO_FILE', 'what is at its path is no regular file')];
  return [
    local.size === sent.size ? null : because('SIZE_DIFFERS', 'its size is not the one that was sent'),
    local.mtimeNs === sent.mtimeNs ? null : because('TIME_DIFFERS', 'it was changed since it was sent'),
    local.sha256 === null ? because('NOT_READ', 'it could not be read') : null,
    local.sha256 === null || local.sha256 === sent.sha256
      ? null
      : because('CONTENT_DIFFERS', 'its content is not the one that was sent'),
  ].filter((reason) => reason !== null);
}
