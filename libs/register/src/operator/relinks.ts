import type pg from 'pg';
import type { ArchiveFile } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { fileColumns, toFile, type FileRow } from '../db/rows';
import { counts, restsInStore } from './move-plan';
import { syncBagsAndRequests, take } from './scope';

export interface StoredBag {
  readonly id: bigint;
  readonly name: string;
  readonly requestId: bigint;
}

export interface RelinkProgress {
  readonly files: number;
  readonly stuck: number;
}

/** Instead of the directory that links are to leave: they stay, and the linker only removes what it left beside them. */
export const leaveAsTheyAre = '';

const isRelinking = `coalesce(f.stuck_from, f.state) = 'moveSealed' AND b.moving_to IS NULL AND b.relink_from <> '${leaveAsTheyAre}'`;

/** A worker or a wait comes before the links of its bag. */
const isWorkedOn = `f.state NOT IN ('stuck', 'moveSealed')`;

/** Leads the links of archived files to where their store is now, after its directory has moved. */
export class Relinks {
  constructor(private readonly pool: pg.Pool) {}

  /** The bags of a store that hold archived files, by ascending id. */
  async *bags(store: string): AsyncGenerator<StoredBag> {
    for (let after = 0n; ;) {
      const { rows } = await this.pool.query<StoredBag>(
        `SELECT b.id, b.name, b.request_id AS "requestId" FROM bag b
         WHERE b.store = $1 AND b.id > $2 AND EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND ${counts})
         ORDER BY b.id LIMIT 500`,
        [store, after],
      );
      yield* rows;
      if (rows.length === 0) return;
      after = rows.at(-1)!.id;
    }
  }

  /**
   * The files of a bag that have a link and are at rest; none, if others of it are being worked on, as a bag is worked on
   * in the order of its states. `left` counts the files that are left out, stuck ones among them.
   */
  async files(bagId: bigint): Promise<{ readonly atRest: readonly ArchiveFile[]; readonly left: number }> {
    const { rows } = await this.pool.query<FileRow>(
      `SELECT ${fileColumns} FROM file f WHERE f.bag_id = $1 AND ${counts} AND ${restsInStore} ORDER BY f.id`,
      [bagId],
    );
    const {
      rows: [row],
    } = await this.pool.query<{ left: number; busy: number }>(
      `SELECT count(*)::int AS left, count(*) FILTER (WHERE ${isWorkedOn})::int AS busy FROM file f
       WHERE f.bag_id = $1 AND ${counts} AND NOT ${restsInStore}`,
      [bagId],
    );
    const [atRest, left, busy] = [rows.map(toFile), row?.left ?? 0, row?.busy ?? 0];
    return busy > 0 ? { atRest: [], left: left + atRest.length } : { atRest, left };
  }

  /**
   * Has the linker lead the links of these files of one bag, which now lead into the directory `from`, to where their
   * store is. Files that are not at rest are left out, and so are all files of a bag in which others are being worked
   * on, or whose links are on their way from elsewhere, so asking twice changes nothing. If a worker holds the bag now,
   * it throws `NotYet` `BAG_BUSY`. Returns how many files were asked for.
   */
  async ask(bagId: bigint, files: readonly bigint[], from: string, by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const scope = await take(client, { files: 'f.bag_id = ANY($1)', named: [bagId] });
      const { rows } = await client.query<{ files: number }>(
        `WITH asked AS (
           SELECT f.id, f.request_id, f.bag_id, f.state FROM file f JOIN bag b ON b.id = f.bag_id
           WHERE f.bag_id = $1 AND f.id = ANY($2) AND ${counts} AND ${restsInStore} AND b.moving_to IS NULL
             AND NOT EXISTS (SELECT FROM file f WHERE f.bag_id = $1 AND ${counts} AND NOT ${restsInStore} AND ${isWorkedOn})
             AND NOT (b.relink_from IS DISTINCT FROM $3 AND EXISTS (SELECT FROM file other WHERE other.bag_id = $1 AND other.phase = 'moving'))
         ), relinked AS (UPDATE bag SET relink_from = $3 WHERE id = $1 AND EXISTS (SELECT FROM asked)
         ), changed AS (UPDATE file f SET state = 'moveSealed' FROM asked WHERE f.id = asked.id
         ), told AS (
           INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
           SELECT $4, request_id, bag_id, 'relink', state, 'moveSealed', jsonb_build_object('files', count(*), 'from', $3::text)
           FROM asked GROUP BY request_id, bag_id, state)
         SELECT count(*)::int AS files FROM asked`,
        [bagId, files, from, by],
      );
      await syncBagsAndRequests(client, scope);
      return rows[0]?.files ?? 0;
    });
  }

  /** Files of this store whose links are still to be led there. */
  async progress(store: string): Promise<RelinkProgress> {
    const { rows } = await this.pool.query<RelinkProgress>(
      `SELECT count(*)::int AS files, count(*) FILTER (WHERE f.state = 'stuck')::int AS stuck
       FROM file f JOIN bag b ON b.id = f.bag_id WHERE f.phase = 'moving' AND b.store = $1 AND ${isRelinking}`,
      [store],
    );
    return rows[0] ?? { files: 0, stuck: 0 };
  }

  /** The bags of this store in which links are still to be led there. */
  async underWay(store: string): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT DISTINCT b.id FROM file f JOIN bag b ON b.id = f.bag_id WHERE f.phase = 'moving' AND b.store = $1 AND ${isRelinking} ORDER BY b.id`,
      [store],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Leaves the links of a bag that are still to be led elsewhere as they are, also of stuck files. The linker removes what
   * it may have left beside them; until then nothing else is done to these files. Returns how many.
   */
  async cancel(bagId: bigint, by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const scope = await take(client, { files: 'f.bag_id = ANY($1)', named: [bagId] });
      const { rows } = await client.query<{ files: number }>(
        `WITH left_out AS (
           SELECT f.id, f.request_id, f.bag_id, f.state FROM file f JOIN bag b ON b.id = f.bag_id
           WHERE f.bag_id = $1 AND ${isRelinking}
         ), changed AS (UPDATE file f SET state = 'moveSealed', stuck_from = NULL, code = NULL, reason = NULL FROM left_out WHERE f.id = left_out.id
         ), left_as_they_are AS (UPDATE bag SET relink_from = '${leaveAsTheyAre}' WHERE id = $1 AND EXISTS (SELECT FROM left_out)
         ), told AS (
           INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
           SELECT $2, request_id, bag_id, 'cancel', state, 'moveSealed', jsonb_build_object('files', count(*)) FROM left_out GROUP BY request_id, bag_id, state)
         SELECT count(*)::int AS files FROM left_out`,
        [bagId, by],
      );
      await syncBagsAndRequests(client, scope);
      return rows[0]?.files ?? 0;
    });
  }
}
