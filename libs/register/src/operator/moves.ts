import type pg from 'pg';
import type { FileState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { counts, isMoveSealed, moveSealedIn, planMove, restsInStore, type PlannedBag } from './move-plan';
import { syncBagsAndRequests, take, type Scope } from './scope';
import type { Target } from './targets';

export interface MoveOrder {
  readonly from: string;
  readonly to: string;
}

/** The progress of moving bags. */
export interface MoveProgress {
  /** Bags that are not in the other store yet and continue without a person. */
  readonly going: number;
  /** Bags that wait for a person because one of their files is stuck. */
  readonly blocked: number;
  /** Their files that are moving, or stuck during the move. */
  readonly files: readonly {
    readonly state: FileState;
    readonly code: string | null;
    readonly files: number;
    readonly bytes: bigint;
  }[];
}

const noProof = 'moved_version = NULL, moved_digest = NULL, moved_read = NULL, moved_checked_at = NULL';

/**
 * Moves of bags from one store to another. Only whole bags move: their links are swapped when all copies in the target
 * store are good.
 */
export class Moves {
  constructor(private readonly pool: pg.Pool) {}

  /** The bags in store `from` that hold files of this target, by what a move means for them; see `planMove`. */
  async plan(from: string, target?: Target, to?: string): Promise<readonly PlannedBag[]> {
    return planMove(this.pool, from, target, to);
  }

  /**
   * Starts the move of those of these bags that can be moved; asking twice changes nothing. Files of a move that was
   * cancelled when all was sealed in the target store continue from there, because the source store may be lost: their
   * links may lead to either. If a worker holds one of the bags now, it throws `NotYet` `BAG_BUSY` and nothing is
   * changed. Returns how many bags move.
   */
  async ask(bags: readonly bigint[], { from, to }: MoveOrder, by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const scope = await takeBags(client, bags);
      const { rows } = await client.query<{ id: bigint }>(
        `UPDATE bag b SET moving_to = $3, relink_from = NULL WHERE b.id = ANY($1) AND b.store = $2 AND b.store <> $3 AND b.moving_to IS NULL
           AND EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND ${counts}) AND NOT EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND ${counts} AND NOT (${restsInStore} OR ${moveSealedIn('$3')}))
         RETURNING b.id`,
        [scope.bags, from, to],
      );
      const going = rows.map((row) => row.id);
      await transitionAll(client, going, {
        where: isMoveSealed,
        to: 'moveSealed',
        what: 'move',
        by,
        detail: { from, to },
      });
      await transitionAll(client, going, {
        where: `${counts} AND NOT ${isMoveSealed}`,
        to: 'moving',
        what: 'move',
        by,
        detail: { from, to },
        set: `, copy_attempts = 0, ${noProof}`,
      });
      await syncBagsAndRequests(client, scope);
      return rows.length;
    });
  }

  /**
   * Cancels the move of these bags: they stay in the store they are in, and what is in the other one stays there. Where
   * links may have been swapped already, the linker swaps them back; the proof of those copies is kept until then.
   * Returns how many bags stay.
   */
  async cancel(bags: readonly bigint[], by: string): Promise<number> {
    return transaction(this.pool, async (client) => {
      const scope = await takeBags(client, bags);
      const { rows } = await client.query<{ id: bigint }>(
        `UPDATE bag b SET moving_to = NULL, relink_from = NULL, moved_from = CASE WHEN EXISTS (
             SELECT FROM file f WHERE f.bag_id = b.id AND ${isMoveSealed}) THEN b.moving_to ELSE b.moved_from END
         WHERE b.id = ANY($1) AND b.moving_to IS NOT NULL RETURNING b.id`,
        [scope.bags],
      );
      const staying = rows.map((row) => row.id);
      await transitionAll(client, staying, { where: isMoveSealed, to: 'moveSealed', what: 'cancel', by });
      await transitionAll(client, staying, {
        where: `f.phase = 'moving' AND NOT ${isMoveSealed}`,
        to: 'linked',
        what: 'cancel',
        by,
        set: `, ${noProof}`,
      });
      await syncBagsAndRequests(client, scope);
      return rows.length;
    });
  }

  async progress(bags: readonly bigint[]): Promise<MoveProgress> {
    const {
      rows: [row],
    } = await this.pool.query<{ going: number; blocked: number }>(
      `SELECT count(*) FILTER (WHERE NOT stuck)::int AS going, count(*) FILTER (WHERE stuck)::int AS "blocked" FROM (
         SELECT EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND f.stuck_from IS NOT NULL) AS stuck FROM bag b WHERE b.id = ANY($1) AND b.moving_to IS NOT NULL) moving`,
      [bags],
    );
    const { rows: files } = await this.pool.query<MoveProgress['files'][number]>(
      `SELECT f.state, f.code, count(*)::int AS files, sum(f.size)::bigint AS bytes FROM file f WHERE f.bag_id = ANY($1) AND f.phase = 'moving' GROUP BY 1, 2 ORDER BY 1, 2`,
      [bags],
    );
    return { going: row?.going ?? 0, blocked: row?.blocked ?? 0, files };
  }

  /** How many files of a moving bag are not in this state; stuck ones wait for a person. */
  async behind(bagId: bigint, state: FileState): Promise<number> {
    const {
      rows: [row],
    } = await this.pool.query<{ files: number }>(
      `SELECT count(*)::int AS files FROM file f WHERE f.bag_id = $1 AND f.phase = 'moving' AND f.state <> $2`,
      [bagId, state],
    );
    return row?.files ?? 0;
  }
}

async function takeBags(client: pg.ClientBase, bags: readonly bigint[]): Promise<Scope> {
  return take(client, { files: 'f.bag_id = ANY($1)', named: bags });
}

/** Changes the state of the files of these bags that meet a condition, with one event per bag and state. */
async function transitionAll(
  client: pg.ClientBase,
  bags: readonly bigint[],
  {
    where,
    to,
    what,
    by,
    set = '',
    detail = {},
  }: {
    readonly where: string;
    readonly to: FileState;
    readonly what: string;
    readonly by: string;
    readonly set?: string;
    readonly detail?: Readonly<Record<string, string>>;
  },
): Promise<void> {
  await client.query(
    `WITH old AS (SELECT f.id, f.request_id, f.bag_id, f.state, '${to}' AS to_state FROM file f WHERE f.bag_id = ANY($1) AND ${where}
     ), moved AS (
       UPDATE file f SET state = old.to_state, stuck_from = NULL, code = NULL, reason = NULL${set} FROM old WHERE f.id = old.id)
     INSERT INTO event (actor, request_id, bag_id, what, from_state, to_state, detail)
     SELECT $2, request_id, bag_id, $3, state, to_state, jsonb_build_object('files', count(*)) || $4::jsonb FROM old GROUP BY request_id, bag_id, state, to_state`,
    [bags, by, what, JSON.stringify(detail)],
  );
}
