import type pg from 'pg';
import type { CopyRead, RootName } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { namedBy, valuesOf } from './reports';
import type { Target } from '../operator/operator-actions';

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

/** The result of reading a copy. `proof` makes this read the one that proved the copy. */
export interface CopyResult {
  readonly copy: CheckedCopy;
  readonly fault: { readonly code: string; readonly reason: string } | null;
  readonly proof?: { readonly version: string; readonly read: CopyRead };
}

export interface CopyFilter {
  readonly store?: string;
  readonly targets?: readonly Target[];
  /** Copies that were not read for this long, in milliseconds. */
  readonly unreadForMs?: number;
  /** A random share of the copies, above 0 and at most 1. */
  readonly share?: number;
}

export interface FixityFigures {
  readonly store: string;
  readonly files: number;
  readonly bytes: bigint;
  readonly faults: number;
  /** The oldest time of a last read; null if any copy was never read. */
  readonly oldest: Date | null;
  readonly unread: number;
}

/**
 * States in which the copy in the sealed bag is the one that counts; stuck files count by the state they were stuck
 * from.
 */
const counted = `coalesce(f.stuck_from, f.state) IN ('sealed', 'linked', 'released', 'retrieving', 'online', 'fetched', 'fetchVerified', 'recalled', 'moving', 'moveCopied', 'moveVerified', 'moveSealed')`;
/** The same in terms of the index; stuck files are left to people. */
const rolling = `f.copy_version IS NOT NULL AND f.phase IN ('sealed', 'linked', 'recalled', 'retrieving', 'fetchVerified', 'moving')`;

const columns = `f.id, f.request_id, f.bag_id, b.name AS bag, b.store, f.fileset, f.root, f.path, f.display, f.size, f.digests->>'SHA-256' AS sha256,
  f.copy_version, f.copy_digest, f.copy_fault, f.released_at IS NULL AS held, f.copy_checked_at::text AS checked_at`;

/** When copies were last read, and what was found. Never touches claims: it may run beside all other work. */
export class Fixity {
  constructor(private readonly pool: pg.Pool) {}

  /** How many copies a filter selects; with `share`, all those that it samples from. */
  async count(filter: CopyFilter): Promise<{ readonly files: number; readonly bytes: bigint }> {
    const { condition, values } = conditionOf(filter);
    const {
      rows: [row],
    } = await this.pool.query<{ files: number; bytes: bigint }>(
      `SELECT count(*)::int AS files, coalesce(sum(f.size), 0)::bigint AS bytes FROM file f JOIN bag b ON b.id = f.bag_id WHERE ${counted} AND ${condition}`,
      values,
    );
    return row as NonNullable<typeof row>;
  }

  /** The copies of one bag after the other, in the order of bags: only one bag's copies are in memory. */
  async *bags(filter: CopyFilter): AsyncGenerator<readonly CheckedCopy[]> {
    const { condition, values } = conditionOf(filter);
    for (let after = 0n; ;) {
      const { rows: bags } = await this.pool.query<{ id: bigint }>(
        `SELECT b.id FROM bag b WHERE b.id > $${values.length + 1} AND EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND ${counted} AND ${condition})
         ORDER BY b.id LIMIT 100`,
        [...values, after],
      );
      if (bags.length === 0) return;
      for (const { id } of bags) {
        const { rows } = await this.pool.query(
          `SELECT ${columns} FROM file f JOIN bag b ON b.id = f.bag_id WHERE b.id = $${values.length + 1} AND ${counted} AND ${condition}
           ${filter.share === undefined ? '' : `AND random() < ${Number(filter.share)}`} ORDER BY f.id`,
          [...values, id],
        );
        if (rows.length > 0) yield rows.map(toCopy); // at most what a bag can hold
      }
      after = (bags.at(-1) as { id: bigint }).id;
    }
  }

  /**
   * Copies of these stores that were not read for this long, the longest unread first; `after` is the last copy of the
   * previous page.
   */
  async waiting(
    stores: readonly string[],
    unreadForMs: number,
    after: CheckedCopy | null,
    limit: number,
  ): Promise<readonly CheckedCopy[]> {
    const { rows } = await this.pool.query(
      `SELECT ${columns} FROM file f JOIN bag b ON b.id = f.bag_id
       WHERE ${rolling} AND b.store = ANY($1) AND (f.copy_checked_at IS NULL OR f.copy_checked_at < now() - $2 * interval '1 ms')
         AND ${
           after === null
             ? '$3::timestamptz IS NULL AND $4::bigint IS NULL'
             : after.checkedAt === null
               ? '(f.copy_checked_at IS NOT NULL OR f.id > $4) AND $3::timestamptz IS NULL'
               : '(f.copy_checked_at, f.id) > ($3::timestamptz, $4)'
         }
       ORDER BY f.copy_checked_at NULLS FIRST, f.id LIMIT $5`,
      [stores, unreadForMs, after?.checkedAt ?? null, after?.id ?? null, limit],
    );
    return rows.map(toCopy);
  }

  /** Figures of all copies that count, by store. Reads every file's row: not for frequent use. */
  async figures(): Promise<readonly FixityFigures[]> {
    const { rows } = await this.pool.query<FixityFigures>(
      `SELECT b.store, count(*)::int AS files, sum(f.size)::bigint AS bytes, count(f.copy_fault)::int AS faults,
         CASE WHEN bool_and(f.copy_checked_at IS NOT NULL) THEN min(f.copy_checked_at) END AS oldest, count(*) FILTER (WHERE f.copy_checked_at IS NULL)::int AS unread
       FROM file f JOIN bag b ON b.id = f.bag_id WHERE ${counted} GROUP BY b.store ORDER BY b.store`,
    );
    return rows;
  }

  /** Other copies of the same path with the same content that the register knows. */
  async otherCopies(copy: CheckedCopy): Promise<readonly { readonly store: string; readonly bag: string }[]> {
    const { rows } = await this.pool.query<{ store: string; bag: string }>(
      `SELECT b.store, b.name AS bag FROM file f JOIN bag b ON b.id = f.bag_id
       WHERE f.root = $1 AND f.path = $2 AND f.bag_id <> $3 AND f.digests->>'SHA-256' = $4 AND f.copy_version IS NOT NULL AND f.copy_fault IS NULL
         AND b.sealed_at IS NOT NULL ORDER BY b.id LIMIT 5`,
      [copy.root, copy.path, copy.bagId, copy.sha256],
    );
    return rows;
  }

  /**
   * Records the results of reading copies of one bag, with an event for each that is bad or good again. A fault voids
   * the proof: no original is replaced or released on the basis of an older read. A copy that was replaced in the
   * meantime (by a retry) is left alone.
   */
  async record(results: readonly CopyResult[], by: string): Promise<void> {
    const [first] = results;
    if (!first) return;
    await transaction(this.pool, async (client) => {
      await client.query('SELECT FROM bag WHERE id = $1 FOR NO KEY UPDATE', [first.copy.bagId]);
      await client.query(
        `WITH read AS (
           SELECT f.id, f.request_id, f.copy_fault AS fault_before, c.* FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
             AS c(file_id, expected, fault, why, version, way) JOIN file f ON f.id = c.file_id AND f.bag_id = $1 AND f.copy_version IS NOT DISTINCT FROM c.expected
         ), checked AS (
           UPDATE file f SET copy_checked_at = now(), copy_fault = r.fault, copy_version = coalesce(r.version, f.copy_version), copy_read = coalesce(r.way, f.copy_read),
             copy_digest = CASE WHEN r.fault IS NOT NULL THEN NULL WHEN r.version IS NULL THEN f.copy_digest ELSE f.digests->>'SHA-256' END
           FROM read r WHERE f.id = r.id)
         INSERT INTO event (actor, request_id, bag_id, file_id, what, code, detail)
         SELECT $8, request_id, $1, id, CASE WHEN fault IS NULL THEN 'copy good again' ELSE 'copy bad' END, coalesce(fault, fault_before),
           CASE WHEN why IS NULL THEN NULL ELSE jsonb_build_object('reason', why) END
         FROM read WHERE fault IS NOT NULL OR fault_before IS NOT NULL`,
        [
          first.copy.bagId,
          results.map((r) => r.copy.id),
          results.map((r) => r.copy.copyVersion),
          results.map((r) => r.fault?.code ?? null),
          results.map((r) => r.fault?.reason ?? null),
          results.map((r) => r.proof?.version ?? null),
          results.map((r) => r.proof?.read ?? null),
          by,
        ],
      );
    });
  }
}

function conditionOf({ store, targets, unreadForMs }: CopyFilter): {
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

function toCopy(row: pg.QueryResultRow): CheckedCopy {
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
