import type pg from 'pg';
import { transaction } from '../db/connection';
import { writeImportEvent } from './events';
import type { ImportPair } from './orders';

/** A proven import whose images are to get the key-value pairs that its order names. */
export interface ImportToAnnotate {
  readonly id: bigint;
  readonly personId: bigint;
  readonly groupId: bigint;
  readonly pairs: readonly ImportPair[];
}

/** The annotations that orders want on their images. The scanner writes them. */
export class ImportAnnotations {
  constructor(private readonly pool: pg.Pool) {}

  /** By number, after one of them. */
  async pending(after = 0n, limit = 100): Promise<readonly ImportToAnnotate[]> {
    const { rows } = await this.pool.query<ImportToAnnotate>(
      `SELECT id, person_id AS "personId", group_id AS "groupId", options -> 'annotations' AS pairs FROM import_order
       WHERE annotated_at IS NULL AND options ? 'annotations' AND state IN ('done', 'emptied') AND id > $1 ORDER BY id LIMIT $2`,
      [after, limit],
    );
    return rows;
  }

  /** Records that all images have them: they are not written again, also if someone removes them. */
  async written(id: bigint, images: number, by: string): Promise<void> {
    await transaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        'UPDATE import_order SET annotated_at = now() WHERE id = $1 AND annotated_at IS NULL',
        [id],
      );
      if (rowCount === 1)
        await writeImportEvent(client, { importId: id, actor: by, what: 'annotated', detail: { images } });
    });
  }
}
