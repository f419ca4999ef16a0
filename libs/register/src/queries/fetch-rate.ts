import type pg from 'pg';

/** What was fetched from a store and proven in the last bags, and the time it took. */
export interface FetchRate {
  readonly store: string;
  readonly bags: number;
  readonly files: number;
  readonly bytes: bigint;
  /**
   * The time during which at least one of them was being fetched or hashed. It excludes waiting for a cold class, for a
   * person or for a service that was off.
   */
  readonly ms: number;
}

const lastBags = 20;

/**
 * Computed from the events of the last bags, each with the time its stage worked. Overlapping spans count once, because
 * bags are fetched and hashed in parallel. Stores from which nothing was fetched are left out.
 */
export async function fetchRates(pool: pg.Pool, stores: readonly string[]): Promise<readonly FetchRate[]> {
  const { rows } = await pool.query<FetchRate>(
    `WITH fetched AS (
       SELECT named.store, e.* FROM unnest($1::text[]) AS named(store) CROSS JOIN LATERAL (
         SELECT id, bag_id, at, (detail->>'files')::int AS files, (detail->>'bytes')::bigint AS bytes, (detail->>'ms')::bigint AS ms FROM event
         WHERE what = 'fetch' AND detail->>'store' = named.store AND (detail->>'ms')::bigint > 0 AND (detail->>'bytes')::bigint > 0 ORDER BY id DESC LIMIT $2) e
     ), proven AS (
       SELECT f.store, p.at, p.ms FROM fetched f CROSS JOIN LATERAL (
         SELECT at, (detail->>'ms')::bigint AS ms FROM event WHERE bag_id = f.bag_id AND what = 'verifyFetched' AND id > f.id AND detail ? 'ms' ORDER BY id LIMIT 1) p
     ), span AS (
       SELECT store, at - ms * interval '1 ms' AS since, at AS till FROM (SELECT store, at, ms FROM fetched UNION ALL SELECT * FROM proven) worked
     ), own AS (
       SELECT store, till - greatest(since, max(till) OVER (PARTITION BY store ORDER BY since, till ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS time FROM span
     ), busy AS (
       SELECT store, sum(extract(epoch FROM greatest(time, interval '0'))) * 1000 AS ms FROM own GROUP BY store)
     SELECT f.store, count(*)::int AS bags, sum(f.files)::int AS files, sum(f.bytes)::bigint AS bytes, min(busy.ms)::float8 AS ms
     FROM fetched f JOIN busy ON busy.store = f.store GROUP BY f.store ORDER BY f.store`,
    [stores, lastBags],
  );
  return rows;
}
