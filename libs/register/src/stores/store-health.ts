import type pg from 'pg';

/** What a store costs: this much for 10^12 bytes that are in it for a year. */
export interface StorePrice {
  readonly perTBYear: number;
  /** A code such as `EUR`. */
  readonly currency: string;
}

/** How a store was found. */
export interface StoreLook {
  readonly name: string;
  readonly kind: string;
  readonly isDefault: boolean;
  /** Names of the OMERO groups whose requests go to it unless another store is named. */
  readonly groups: readonly string[];
  /** Where its copies are, without secrets. */
  readonly place: string;
  readonly price: StorePrice | null;
  readonly fault: { readonly code: string; readonly reason: string } | null;
  /** Of its fullest directory; null for a store without directories, and while it is not available. */
  readonly space: { readonly directory: string; readonly freeBytes: bigint; readonly totalBytes: bigint } | null;
  /** What its server does not keep in names; none by default. */
  readonly namesNotKept?: readonly string[];
}

/** A configured store at the last look. */
export interface StoreHealth extends Omit<StoreLook, 'fault' | 'space' | 'namesNotKept'> {
  readonly lookedAt: Date;
  readonly fault: { readonly code: string; readonly reason: string; readonly since: Date } | null;
  readonly directory: string | null;
  readonly freeBytes: bigint | null;
  readonly totalBytes: bigint | null;
}

/** What the files of a store are to it. */
export const storeParts = ['archived', 'writing', 'waiting', 'stuck', 'left'] as const;
export type StorePart = (typeof storeParts)[number];

/** Files of a store, by what they are to it. */
export interface StoreContent {
  readonly store: string;
  readonly part: StorePart;
  readonly files: number;
  readonly bytes: bigint;
}

/** The configured stores, as the service that watches them found them. */
export class StoresHealth {
  constructor(private readonly pool: pg.Pool) {}

  /** Records a look at all configured stores; those that are no longer configured are removed. */
  async record(looks: readonly StoreLook[]): Promise<void> {
    await this.pool.query(
      `WITH looked AS (
         SELECT l.*, now() AS looked_at FROM jsonb_to_recordset($1::jsonb) AS l(name text, kind text, is_default boolean, groups jsonb, place text, code text, reason text,
           directory text, free_bytes bigint, total_bytes bigint, price_per_tb_year double precision, currency text, names_not_kept jsonb)
       ), removed AS (DELETE FROM store_health WHERE name NOT IN (SELECT name FROM looked))
       INSERT INTO store_health AS h (name, kind, is_default, groups, place, looked_at, code, reason, since, directory, free_bytes, total_bytes, price_per_tb_year, currency, names_not_kept)
       SELECT name, kind, is_default, ARRAY(SELECT jsonb_array_elements_text(groups)), place, looked_at, code, reason, CASE WHEN code IS NOT NULL THEN looked_at END, directory, free_bytes, total_bytes, price_per_tb_year, currency, ARRAY(SELECT jsonb_array_elements_text(names_not_kept))
       FROM looked
       ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, is_default = excluded.is_default, groups = excluded.groups, place = excluded.place, looked_at = excluded.looked_at,
         code = excluded.code, reason = excluded.reason, since = CASE WHEN excluded.code IS NOT NULL THEN coalesce(h.since, excluded.since) END,
         directory = excluded.directory, free_bytes = excluded.free_bytes, total_bytes = excluded.total_bytes,
         price_per_tb_year = excluded.price_per_tb_year, currency = excluded.currency, names_not_kept = excluded.names_not_kept`,
      [
        JSON.stringify(
          looks.map(({ name, kind, isDefault, groups, place, price, fault, space, namesNotKept = [] }) => ({
            name,
            kind,
            is_default: isDefault,
            groups,
            place,
            code: fault?.code ?? null,
            reason: fault?.reason ?? null,
            directory: space?.directory ?? null,
            free_bytes: space?.freeBytes.toString() ?? null,
            total_bytes: space?.totalBytes.toString() ?? null,
            price_per_tb_year: price?.perTBYear ?? null,
            currency: price?.currency ?? null,
            names_not_kept: namesNotKept,
          })),
        ),
      ],
    );
  }

  /** The default store first. Empty until a service has looked. */
  async list(): Promise<readonly StoreHealth[]> {
    const { rows } = await this.pool.query(
      `SELECT name, kind, is_default AS "isDefault", groups, place, looked_at AS "lookedAt", directory, free_bytes AS "freeBytes", total_bytes AS "totalBytes",
         code, reason, since, price_per_tb_year AS "perTBYear", currency
       FROM store_health ORDER BY is_default DESC, name`,
    );
    return rows.map(({ code, reason, since, perTBYear, currency, ...store }) => ({
      ...store,
      fault: code === null ? null : { code, reason, since },
      price: currency === null ? null : { perTBYear, currency },
    }));
  }

  /** What the servers of stores do not keep in names, by the name of the store. */
  async namesNotKept(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { rows } = await this.pool.query<{ name: string; names_not_kept: readonly string[] }>(
      'SELECT name, names_not_kept FROM store_health',
    );
    return new Map(rows.map((row) => [row.name, row.names_not_kept]));
  }

  /** What is in each store, from the totals: `left` are files that were restored, undone or abandoned. */
  async contents(): Promise<readonly StoreContent[]> {
    const { rows } = await this.pool.query<StoreContent>(
      `SELECT store, CASE WHEN phase IN ('restored', 'given up') THEN 'left' WHEN phase <> 'early' THEN 'archived'
           WHEN state = 'stuck' THEN 'stuck' WHEN state = 'verified' THEN 'waiting' ELSE 'writing' END AS part,
         sum(files)::int AS files, sum(bytes)::bigint AS bytes
       FROM file_total WHERE store <> '' GROUP BY 1, 2 HAVING sum(files) > 0 ORDER BY 1, 2`,
    );
    return rows;
  }
}
