import type pg from 'pg';
import type { FileState } from '@coldroom/domain';
import { filesetsOf, type Target } from './targets';

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

/** Files of a bag that are archived in it. */
export const counts = `f.phase NOT IN ('skipped', 'given up', 'restored')`;
/** What a cancelled retrieval has left is in places that only its store knows: the linker must first remove it. */
export const restsInStore = `(f.state = 'released' OR (f.state = 'linked' AND f.retrieval IS NULL))`;
export const isMoveSealed = `coalesce(f.stuck_from, f.state) = 'moveSealed'`;
/**
 * The file is returning from store `to`, or stuck while returning, since its move there was cancelled: its copy there
 * is proven and its bag is sealed. Never NULL.
 */
export const moveSealedIn = (to: string): string =>
  `(${isMoveSealed} AND f.moved_version IS NOT NULL AND b.moved_from IS NOT DISTINCT FROM ${to})`;

/**
 * The bags in store `from` that hold files of this target (all bags if there is no target), by what a move means for
 * them. Changes nothing. A bag whose move to `to` was cancelled at the very end may be sent there again before all of
 * it is back.
 */
export async function planMove(
  pool: pg.Pool,
  from: string,
  target?: Target,
  to?: string,
): Promise<readonly PlannedBag[]> {
  const selected = target && filesetsOf(target);
  const [left, entered] = selected ? (['$2', '$3'] as const) : (['$1', '$2'] as const);
  const { rows } = await pool.query<PlannedBag>(
    `SELECT b.id, b.name, b.request_id AS "requestId", b.moving_to AS "movingTo", count(*)::int AS files, sum(f.size)::bigint AS bytes, array_agg(DISTINCT f.state) AS states,
       CASE WHEN b.moving_to IS NOT NULL THEN 'under way' WHEN bool_and(${restsInStore} OR ${moveSealedIn(entered)}) THEN 'movable' ELSE 'not now' END AS kind
     FROM bag b JOIN file f ON f.bag_id = b.id
     WHERE b.store = ${left} AND ${counts} ${selected ? `AND b.id IN (SELECT f.bag_id FROM file f WHERE ${selected.files})` : ''}
     GROUP BY b.id ORDER BY b.id`,
    [...(selected ? [selected.named] : []), from, to ?? null],
  );
  return rows;
}
