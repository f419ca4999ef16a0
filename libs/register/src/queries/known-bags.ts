import type pg from 'pg';

export interface KnownBag {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly name: string;
  readonly store: string;
  /** Stores that it moved from, or is moving to, by the names that they have now: it is in those as well. */
  readonly alsoIn: readonly string[];
}

/** A move of a bag names its stores as they were called then. */
interface Row extends Omit<KnownBag, 'alsoIn'> {
  readonly moves: readonly { readonly event: string; readonly stores: readonly string[] }[];
}

interface Renaming {
  readonly event: bigint;
  readonly from: string;
  readonly to: string;
}

/** By name. A name that the register does not have is not in the result. */
export async function bagsNamed(pool: pg.Pool, names: readonly string[]): Promise<ReadonlyMap<string, KnownBag>> {
  const { rows } = await pool.query<Row>(
    `SELECT id, request_id AS "requestId", name, store, ARRAY(
       SELECT jsonb_build_object('event', e.id::text, 'stores', jsonb_build_array(e.detail->'from', e.detail->'to'))
       FROM event e WHERE e.bag_id = bag.id AND e.what = 'move' ORDER BY e.id) AS moves
     FROM bag WHERE name = ANY($1)`,
    [names],
  );
  const { rows: renamings } = await pool.query<Renaming>(
    `SELECT id AS event, detail->>'from' AS "from", detail->>'to' AS "to" FROM event WHERE what = 'store renamed' ORDER BY id`,
  );
  return new Map(
    rows.map(({ moves, ...bag }) => [
      bag.name,
      {
        ...bag,
        alsoIn: moves.flatMap(({ event, stores }) => stores.map((name) => nameNow(name, BigInt(event), renamings))),
      },
    ]),
  );
}

/** The name of a store that had this one at an event. */
function nameNow(name: string, at: bigint, renamings: readonly Renaming[]): string {
  return renamings.reduce((now, { event, from, to }) => (event > at && from === now ? to : now), name);
}
