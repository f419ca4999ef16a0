import type pg from 'pg';
import type { ImportState } from '@coldroom/domain';

/** What became of an annotation that orders an import. */
export type ImportMarkResult = { readonly orderId: bigint } | { readonly refused: string };

export interface KnownImportMark {
  readonly annotationId: bigint;
  readonly written: string | null;
  readonly closed: boolean;
}

/** An annotation whose last answer is not written yet. */
export interface OpenImportMark {
  readonly annotationId: bigint;
  readonly refused: string | null;
  readonly written: string | null;
  readonly order: {
    readonly id: bigint;
    readonly state: ImportState;
    readonly code: string | null;
    readonly reason: string | null;
    /** Images that OMERO has of it so far. */
    readonly images: number;
  } | null;
}

/** The orders that were placed by annotations in OMERO. The register comes first, the answers in OMERO follow. */
export class ImportMarks {
  constructor(private readonly pool: pg.Pool) {}

  async known(annotationIds: readonly bigint[]): Promise<ReadonlyMap<bigint, KnownImportMark>> {
    const { rows } = await this.pool.query<KnownImportMark>(
      'SELECT annotation_id AS "annotationId", written, closed FROM import_mark WHERE annotation_id = ANY ($1)',
      [annotationIds],
    );
    return new Map(rows.map((row) => [row.annotationId, row]));
  }

  /** Records what became of an annotation; what was recorded of it before is replaced. Its answer is pending from then on. */
  async placed(annotationId: bigint, result: ImportMarkResult): Promise<void> {
    const [orderId, refused] = 'orderId' in result ? [result.orderId, null] : [null, result.refused];
    await this.pool.query(
      `INSERT INTO import_mark (annotation_id, order_id, refused) VALUES ($1, $2, $3)
       ON CONFLICT (annotation_id) DO UPDATE SET order_id = $2, refused = $3, written = NULL, closed = false`,
      [annotationId, orderId, refused],
    );
  }

  /** Its answer is gone from OMERO, and is written again. */
  async lost(annotationId: bigint): Promise<void> {
    await this.pool.query('UPDATE import_mark SET written = NULL, closed = false WHERE annotation_id = $1', [
      annotationId,
    ]);
  }

  /** By annotation, after one of them. */
  async open(after = 0n, limit = 500): Promise<readonly OpenImportMark[]> {
    const { rows } = await this.pool.query<OpenImportMark>(
      `SELECT m.annotation_id AS "annotationId", m.refused, m.written,
         CASE WHEN o.id IS NOT NULL THEN json_build_object('id', o.id, 'state', o.state, 'code', o.code, 'reason', o.reason,
           'images', (SELECT coalesce(sum(f.images), 0) FROM import_fileset f WHERE f.order_id = o.id)) END AS "order"
       FROM import_mark m LEFT JOIN import_order o ON o.id = m.order_id
       WHERE NOT m.closed AND m.annotation_id > $1 ORDER BY m.annotation_id LIMIT $2`,
      [after, limit],
    );
    return rows.map((row) => ({ ...row, order: row.order && { ...row.order, id: BigInt(row.order.id) } }));
  }

  /** Records what OMERO shows. */
  async answered(
    answers: readonly { readonly annotationId: bigint; readonly text: string; readonly last: boolean }[],
  ): Promise<void> {
    await this.pool.query(
      `UPDATE import_mark m SET written = n.text, closed = n.last
       FROM unnest($1::bigint[], $2::text[], $3::boolean[]) AS n(id, text, last) WHERE m.annotation_id = n.id`,
      [answers.map((a) => a.annotationId), answers.map((a) => a.text), answers.map((a) => a.last)],
    );
  }

  /** Their annotations are gone. The orders stay. */
  async forget(annotationIds: readonly bigint[]): Promise<void> {
    await this.pool.query('DELETE FROM import_mark WHERE annotation_id = ANY ($1)', [annotationIds]);
  }
}
