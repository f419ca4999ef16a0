import type pg from 'pg';

export type MarkState = 'pending' | 'archived' | 'none';

/** An image whose marks in OMERO do not yet match the register. */
export interface PendingMark {
  readonly requestId: bigint;
  readonly imageId: bigint;
  /** The group that the image was in when it was requested. */
  readonly groupId: bigint;
  readonly wanted: MarkState;
  readonly written: MarkState | null;
  /** `image.archived` before Coldroom set it. */
  readonly archivedBefore: boolean | null;
  readonly requesterId: bigint;
  readonly requester: string;
  /** The request was declined, undone or restored: the note is removed, too. */
  readonly dropNote: boolean;
}

/** The marks to be written to OMERO. The register comes first, OMERO follows. */
export class Marks {
  constructor(private readonly pool: pg.Pool) {}

  async pending(limit = 500): Promise<readonly PendingMark[]> {
    const { rows } = await this.pool.query(
      `SELECT i.*, r.group_id, r.requester_id, r.requester,
         r.state = 'Declined' OR coalesce((SELECT true FROM file f
           WHERE f.request_id = i.request_id AND f.fileset = i.fileset AND f.phase IN ('given up', 'restored') LIMIT 1), false) AS drop_note
       FROM request_image i JOIN request r ON r.id = i.request_id
       WHERE i.mark_written IS DISTINCT FROM i.mark_wanted ORDER BY i.mark_wanted, i.request_id, i.image_id LIMIT $1`,
      [limit],
    );
    return rows.map((row) => ({
      requestId: row.request_id,
      imageId: row.image_id,
      groupId: row.group_id,
      wanted: row.mark_wanted,
      written: row.mark_written,
      archivedBefore: row.archived_before,
      requesterId: row.requester_id,
      requester: row.requester,
      dropNote: row.drop_note,
    }));
  }

  /** What OMERO should show for every image that is in a request. */
  async all(): Promise<readonly { readonly imageId: bigint; readonly wanted: MarkState }[]> {
    const { rows } = await this.pool.query<{ imageId: bigint; wanted: MarkState }>(
      `SELECT image_id AS "imageId", mark_wanted AS wanted FROM request_image WHERE mark_wanted <> 'none'`,
    );
    return rows;
  }

  /**
   * Records that OMERO shows `written` for these images; `before` is the old `image.archived` if Coldroom changed it.
   */
  async written(
    marks: readonly {
      readonly requestId: bigint;
      readonly imageId: bigint;
      readonly written: MarkState;
      readonly before?: boolean | null;
    }[],
  ): Promise<void> {
    await this.pool.query(
      `UPDATE request_image i SET mark_written = m.written,
         archived_before = CASE WHEN m.has_before THEN m.before ELSE i.archived_before END
       FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::boolean[], $5::boolean[]) AS m(request_id, image_id, written, has_before, before)
       WHERE i.request_id = m.request_id AND i.image_id = m.image_id`,
      [
        marks.map((m) => m.requestId),
        marks.map((m) => m.imageId),
        marks.map((m) => m.written),
        marks.map((m) => m.before !== undefined),
        marks.map((m) => m.before ?? null),
      ],
    );
  }
}
