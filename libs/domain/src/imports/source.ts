import { because, type Reason } from '../evidence/checks';
import type { Identity } from '../model';
import type { ImportState } from './states';

/** How the bytes get into OMERO's repository: the modes of `omero import --transfer` that are used. */
export const transferModes = ['upload', 'cp', 'ln', 'ln_s'] as const;
export type TransferMode = (typeof transferModes)[number];

/** One file of an import order. */
export interface ImportFile {
  /** State of its order. */
  readonly state: ImportState;
  readonly transfer: TransferMode;
  readonly size: bigint;
  /** Of the locked file: lower-case hex. */
  readonly sha256: string | null;
  /** The source as it was hashed, or as the removal of our lock left it. */
  readonly identity: Identity;
}

/** What OMERO has of the file, read in this very run. */
export interface InOmero {
  readonly size: bigint;
  /** Of a read of the file in the repository; null if it could not be read. */
  readonly sha256: string | null;
  /** What OMERO's path is in the end, or null: every link on the way was followed. */
  readonly file: Pick<Identity, 'dev' | 'ino' | 'links'> | null;
  /** The path is a link, or leads through one. */
  readonly linked: boolean;
  /** Images of its fileset. */
  readonly images: number;
}

export interface SourcePolicy {
  /** When the site lets sources be removed, in milliseconds after the proof; null: never. */
  readonly removeAfterMs: number | null;
  /** How long ago the whole order was proven, in milliseconds. */
  readonly provenForMs: number;
  /** A switch that stops the removal is on. */
  readonly stopped: boolean;
  /** Every file of the order is proven: whole sets go, or nothing of them. */
  readonly orderProven: boolean;
}

/**
 * Every reason against removing a file from the buffer after its import, from facts read in this very run; an empty list
 * means that it may be removed. `onDisk` is the file at the source's path, by lstat, or null.
 */
export function reasonsToKeepSource(
  file: ImportFile,
  onDisk: Identity | null,
  inOmero: InOmero | undefined,
  policy: SourcePolicy,
): readonly Reason[] {
  return [
    policy.stopped ? because('STOPPED', 'the removal of sources is stopped until a person resumes it') : null,
    file.state === 'done'
      ? null
      : because('WRONG_STATE', `the order is ${file.state}; only the files of a done one may be removed`),
    file.transfer === 'ln_s' ? because('SOURCE_IN_USE', 'OMERO reads the source itself, by a symbolic link') : null,
    tooEarly(policy),
    policy.orderProven ? null : because('ORDER_NOT_PROVEN', 'another file of the order is not proven'),
    sourceUnchanged(file, onDisk),
    inOmero === undefined
      ? because('NOT_IN_OMERO', 'OMERO has no such file in the filesets of this order')
      : proven(file, onDisk, inOmero),
  ]
    .flat()
    .filter((reason) => reason !== null);
}

function tooEarly({ removeAfterMs, provenForMs }: SourcePolicy): Reason | null {
  if (removeAfterMs === null) return because('NEVER_REMOVED', 'the site keeps the sources of imports');
  return provenForMs >= removeAfterMs
    ? null
    : because('TOO_EARLY', 'the time is not over for which sources are kept after their import');
}

function sourceUnchanged({ identity, size }: ImportFile, onDisk: Identity | null): Reason | null {
  if (!onDisk) return because('SOURCE_GONE', 'nothing is at the path of the source');
  const same =
    onDisk.dev === identity.dev &&
    onDisk.ino === identity.ino &&
    onDisk.size === size &&
    onDisk.size === identity.size &&
    onDisk.mtimeNs === identity.mtimeNs &&
    onDisk.ctimeNs === identity.ctimeNs;
  return same ? null : because('SOURCE_CHANGED', 'the source is not the file that was imported');
}

function proven(file: ImportFile, onDisk: Identity | null, inOmero: InOmero): readonly (Reason | null)[] {
  return [
    inOmero.images > 0 ? null : because('NO_IMAGE', 'its fileset has no image in OMERO'),
    inOmero.size === file.size
      ? null
      : because('SIZE_DIFFERS', `OMERO has ${inOmero.size} bytes, the source ${file.size}`),
    file.sha256 === null ? because('NO_DIGEST', 'the source has no recorded SHA-256') : null,
    inOmero.sha256 !== null && inOmero.sha256 === file.sha256
      ? null
      : because('CONTENT_DIFFERS', 'the file in OMERO was not proven to have the content of the source'),
    staysWithout(onDisk, inOmero),
  ];
}

/** Whether OMERO's file is still there when the name in the buffer is gone. */
function staysWithout(onDisk: Identity | null, { file, linked }: InOmero): Reason | null {
  if (file === null) return because('NOT_READABLE', 'nothing can be read at the path in OMERO');
  if (linked) return because('SOURCE_IN_USE', 'the path in OMERO is a symbolic link, or leads through one');
  const sameFile = onDisk !== null && file.dev === onDisk.dev && file.ino === onDisk.ino;
  return sameFile && file.links < 2
    ? because('SOURCE_IN_USE', 'the source is the only name of the file that OMERO reads')
    : null;
}
