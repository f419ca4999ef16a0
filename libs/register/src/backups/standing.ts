import type pg from 'pg';

/** What a register knows of a bag, as far as a drill compares it. */
export interface BagStanding {
  readonly name: string;
  readonly store: string;
  readonly requestId: bigint;
  readonly sealed: boolean;
  /** Files in a state from the link on. */
  readonly linked: number;
  readonly files: number;
  readonly bytes: bigint;
}

/** What a register knows, to be compared with one of another time. */
export interface Standing {
  readonly requests: ReadonlySet<bigint>;
  readonly bags: ReadonlyMap<string, BagStanding>;
}

/** Reads all files once. */
export async function readStanding(pool: pg.Pool): Promise<Standing> {
  const { rows: requests } = await pool.query<{ id: bigint }>('SELECT id FROM request');
  const { rows: bags } = await pool.query<BagStanding>(
    `SELECT b.name, b.store, b.request_id AS "requestId", b.sealed_at IS NOT NULL AS sealed, b.files, b.bytes, coalesce(l.linked, 0) AS linked
     FROM bag b LEFT JOIN (
       SELECT bag_id, count(*)::int AS linked FROM file WHERE phase NOT IN ('early', 'sealed', 'skipped', 'given up') GROUP BY bag_id) l ON l.bag_id = b.id`,
  );
  return { requests: new Set(requests.map(({ id }) => id)), bags: new Map(bags.map((bag) => [bag.name, bag])) };
}
