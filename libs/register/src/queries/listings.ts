import type pg from 'pg';
import type { Visibility } from '../requests/request-filter';
import type { FileState, OmeroHash, RequestState, RootName, WorkState } from '@coldroom/domain';

export interface StageProgress {
  readonly state: WorkState | 'done';
  readonly bags: number;
  readonly files: number;
  readonly bytes: bigint;
  /** Bytes of these that running workers have processed. */
  readonly doneBytes: bigint;
  readonly claimed: number;
}

export interface FileListing {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly bag: string | null;
  readonly store: string | null;
  readonly fileset: string;
  readonly root: string;
  readonly path: string;
  readonly size: bigint;
  readonly state: FileState;
  readonly stuckFrom: FileState | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly originalFileId: bigint | null;
  readonly omeroHash: OmeroHash | null;
  readonly digests: Readonly<Record<string, string>>;
  readonly copyRead: string | null;
  readonly linkedAt: Date | null;
  /** Its original is no longer held. */
  readonly released: boolean;
}

/** Decides which commands help a stuck file. */
export type StuckFile = Pick<FileListing, 'id' | 'fileset' | 'bag' | 'stuckFrom' | 'released'> & {
  readonly code: string;
};

export interface EventListing {
  readonly id: bigint;
  readonly at: Date;
  readonly actor: string;
  readonly requestId: bigint | null;
  readonly bagId: bigint | null;
  readonly fileId: bigint | null;
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly code: string | null;
  readonly detail: unknown;
}

export interface FileFilter {
  readonly requestId?: bigint;
  readonly states?: readonly FileState[];
  readonly code?: string;
  readonly fileset?: string;
  /** Only files of filesets that have this image. */
  readonly imageId?: bigint;
  /** Only files of requests that these may see. */
  readonly visibleTo?: Visibility | undefined;
  /** Only files whose path begins so, below this root if one is named; they come by path. */
  readonly path?: { readonly root?: RootName | undefined; readonly prefix: Buffer };
  /** Only files that come after this one: for paging through a long list. */
  readonly after?: bigint;
  readonly limit?: number;
}

export interface ImageListing {
  readonly imageId: bigint;
  readonly name: string;
  readonly fileset: string;
  /** False if the image is included only because it shares files with a marked image. */
  readonly marked: boolean;
}

/** Files that a command would affect, counted by what determines its effect on them. */
export interface SelectedFiles {
  readonly requestId: bigint;
  readonly requestState: RequestState;
  readonly state: FileState;
  readonly stuckFrom: FileState | null;
  readonly code: string | null;
  /** Files get a bag when their request starts; before that they cannot be retried or undone. */
  readonly inBag: boolean;
  /** Their originals are no longer held. */
  readonly released: boolean;
  readonly filesets: number;
  readonly files: number;
  readonly bytes: bigint;
}

/** The named files, all files of their filesets, or all files of those filesets in which a named file is stuck. */
export type SelectedWith = 'files' | 'filesets' | 'stuck filesets';

/** A row of `file` joined with its bag. */
export function toListing(row: pg.QueryResultRow): FileListing {
  return {
    id: row.id,
    requestId: row.request_id,
    bag: row.bag,
    store: row.store,
    fileset: row.fileset,
    root: row.root,
    path: row.display,
    size: row.size,
    state: row.state,
    stuckFrom: row.stuck_from,
    code: row.code,
    reason: row.reason,
    digests: row.digests,
    copyRead: row.copy_read,
    linkedAt: row.linked_at,
    released: row.released_at !== null,
    originalFileId: row.original_file_id,
    omeroHash:
      row.omero_algorithm !== null && row.omero_hash !== null
        ? { algorithm: row.omero_algorithm, value: row.omero_hash }
        : null,
  };
}

/** A row of `event`. */
export function toEvent(row: pg.QueryResultRow): EventListing {
  return {
    id: row.id,
    at: row.at,
    actor: row.actor,
    requestId: row.request_id,
    bagId: row.bag_id,
    fileId: row.file_id,
    what: row.what,
    from: row.from_state,
    to: row.to_state,
    code: row.code,
    detail: row.detail,
  };
}
