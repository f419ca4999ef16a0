import type pg from 'pg';
import type { CopyRead } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { columns, conditionOf, counted, rolling, toCopy, type CheckedCopy, type CopyFilter } from './checked-copies';

/** The result of reading a copy. `proof` makes this read the one that proved the copy. */
export interface CopyResult {
  readonly copy: CheckedCopy;
  readonly fault: { readonly code: string; readonly reason: string } | null;
  readonly proof?: { readonly version: string; readonly read: CopyRead };
}

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

  /** Copies that were not right when they were last read, by number. */
  async faulty(limit: number): Promise<readonly CheckedCopy[]> {
    const { rows } = await this.pool.query(
      `SELECT ${columns} FROM file f JOIN bag b ON b.id = f.bag_id WHERE f.copy_fault IS NOT NULL AND ${counted} ORDER BY f.id LIMIT $1`,
      [limit],
    );
    return rows.map(toCopy);
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
   * Records the results of reading copies of one bag, with an event for each that is bad or good again; `before` is the
   * code of a fault that was known already. A fault voids
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
           nullif(jsonb_strip_nulls(jsonb_build_object('reason', why, 'before', CASE WHEN fault IS NOT NULL THEN fault_before END)), '{}')
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
