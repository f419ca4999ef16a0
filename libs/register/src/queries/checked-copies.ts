import type pg from 'pg';
import type { RootName } from '@coldroom/domain';
import { namedBy, valuesOf, type Target } from '../operator/targets';

/** A copy that the register relies on, and its expected content. */
export interface CheckedCopy {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly bagId: bigint;
  readonly bag: string;
  readonly store: string;
  readonly fileset: string;
  readonly root: RootName;
  readonly path: Buffer;
  readonly display: string;
  readonly size: bigint;
  readonly sha256: string | null;
  readonly copyVersion: string | null;
  /** Null if no read proves the copy: after a rebuild, or since a fault was found. */
  readonly copyDigest: string | null;
  readonly copyFault: string | null;
  /** The original is still held: an undo puts it back. */
  readonly held: boolean;
  /**
   * When it was last read, in PostgreSQL's format: a Date would lose microseconds, and paging would lose its position.
   */
  readonly checkedAt: string | null;
}

export interface CopyFilter {
  readonly store?: string;
  readonly targets?: readonly Target[];
  /** Copies that were not read for this long, in milliseconds. */
  readonly unreadForMs?: number;
  /** A random share of the copies, above 0 and at most 1. */
  readonly share?: number;
}

/**
 * States in which the copy in the sealed bag is the one that counts; stuck files count by the state they were stuck
 * from.
 */
export const counted = `coalesce(f.stuck_from, f.state) IN ('sealed', 'linked', 'released', 'retrieving', 'online', 'fetched', 'fetchVerified', 'recalled', 'moving', 'moveCopied', 'moveVerified', 'moveSealed')`;
/** The same in terms of the index; stuck files are left to people. */
export const rolling = `f.copy_version IS NOT NULL AND f.phase IN ('sealed', 'linked', 'recalled', 'retrieving', 'fetchVerified', 'moving')`;

export const columns = `f.id, f.request_id, f.bag_id, b.name AS bag, b.store, f.fileset, f.root, f.path, f.display, f.size, f.digests->>'SHA-256' AS sha256,
  f.copy_version, f.copy_digest, f.copy_fault, f.released_at IS NULL AS held, f.copy_checked_at::text AS checked_at`;

/** The condition of a filter on `file f` and `bag b`, with its values from $1 on; `share` is not part of it. */
export function conditionOf({ store, targets, unreadForMs }: CopyFilter): {
  readonly condition: string;
  readonly values: unknown[];
} {
  const values: unknown[] = [];
  const use = (value: unknown): string => `$${values.push(value)}`;
  const conditions = [
    ...(store === undefined ? [] : [`b.store = ${use(store)}`]),
    ...(targets === undefined
      ? []
      : [`(${targets.map((target) => namedBy[target.kind].replaceAll('$1', use(valuesOf(target)))).join(' OR ')})`]),
    ...(unreadForMs === undefined
      ? []
      : [`(f.copy_checked_at IS NULL OR f.copy_checked_at < now() - ${use(unreadForMs)} * interval '1 ms')`]),
  ];
  return { condition: conditions.join(' AND ') || 'true', values };
}

/** A row with `columns`. */
export function toCopy(row: pg.QueryResultRow): CheckedCopy {
  return {
    id: row.id,
    requestId: row.request_id,
    bagId: row.bag_id,
    bag: row.bag,
    store: row.store,
    fileset: row.fileset,
    root: row.root,
    path: row.path,
    display: row.display,
    size: row.size,
    sha256: row.sha256,
    copyVersion: row.copy_version,
    copyDigest: row.copy_digest,
    copyFault: row.copy_fault,
    held: row.held,
    checkedAt: row.checked_at,
  };
}
