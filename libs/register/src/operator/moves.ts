import type pg from 'pg';
import type { FileState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { syncBagsAndRequests, take, type Scope } from './scope';
import { filesetsOf, type Target } from './targets';

export interface MoveOrder {
  readonly from: string;
  readonly to: string;
}

/** A bag in the source store, and what requesting its move means. */
export interface PlannedBag {
  readonly id: bigint;
  readonly name: string;
  readonly requestId: bigint;
  /** The files archived in it, and their bytes; what was given up or is back already stays behind. */
  readonly files: number;
  readonly bytes: bigint;
  readonly kind: 'movable' | 'under way' | 'not now';
  /** The states of its files: they show why it cannot be moved now. */
  readonly states: readonly FileState[];
  /** The store that it is moving to already, or null. */
  readonly movingTo: string | null;
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

const counts = `f.phase NOT IN ('skipped', 'given up', 'restored')`;
/** What a cancelled retrieval has left is in places that only its store knows: the linker must first remove it. */
const restsInStore = `(f.state = 'released' OR (f.state = 'linked' AND f.retrieval IS NULL))`;
const isMoveSealed = `coalesce(f.stuck_from, f.state) = 'moveSealed'`;
/**
 * The file is returning from store `to`, or stuck while returning, since its move there was cancelled: its copy there
 * is proven and its bag is sealed. Never NULL.
 */
const moveSealedIn = (to: string): string =>
  `(${isMoveSealed} AND f.moved_version IS NOT NULL AND b.moved_from IS NOT DISTINCT FROM ${to})`;
const noProof = 'moved_version = NULL, moved_digest = NULL, moved_read = NULL, moved_checked_at = NULL';

/**
 * Moves of bags from one store to another. Only whole bags move: their links are swapped when all copies in the target
 * store are good.
 */
export class Moves {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * The bags in store `from` that hold files of this target (all bags if there is no target), by what a move means for
   * them. Changes nothing. A bag whose move to `to` was cancelled at the very end may be sent there again before all of
   * it is back.
   */
  async plan(from: string, target?: Target, to?: string): Promise<readonly PlannedBag[]> {
    const selected = target && filesetsOf(target);
    const [left, entered] = selected ? (['$2', '$3'] as const) : (['$1', '$2'] as const);
    const { rows } = await this.pool.query<PlannedBag>(
      `SELECT b.id, b.name, b.request_id AS "requestId", b.moving_to AS "movingTo", count(*)::int AS files, sum(f.size)::bigint AS bytes, array_agg(DISTINCT f.state) AS states,
         CASE WHEN b.moving_to IS NOT NULL THEN 'under way' WHEN bool_and(${restsInStore} OR ${moveSealedIn(entered)}) THEN 'movable' ELSE 'not now' END AS kind
       FROM bag b JOIN file f ON f.bag_id = b.id
       WHERE b.store = ${left} AND ${counts} ${selected ? `AND b.id IN (SELECT f.bag_id FROM file f WHERE ${selected.files})` : ''}
       GROUP BY b.id ORDER BY b.id`,
      [...(selected ? [selected.named] : []), from, to ?? null],
    );
    return rows;
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
        `UPDATE bag b SET moving_to = $3 WHERE b.id = ANY($1) AND b.store = $2 AND b.store <> $3 AND b.moving_to IS NULL
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
        `UPDATE bag b SET moving_to = NULL, moved_from = CASE WHEN EXISTS (
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
