import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { Refused, type KnownMarkers, type MarkerExpected, type MarkerFound } from '@coldroom/domain';
import { transaction } from '../db/connection';

interface Known {
  readonly store: string;
  readonly partOf: readonly string[];
  readonly id: string;
  readonly place: string;
  readonly seen: boolean;
}

type Database = Pick<pg.ClientBase, 'query'>;

/** The markers of stores that are not in a directory. A store without bags may still change its place. */
export class StoreMarkers implements KnownMarkers {
  constructor(private readonly pool: pg.Pool) {}

  async expect(found: MarkerFound): Promise<MarkerExpected> {
    return (
      (await this.compare(found)) ??
      transaction(this.pool, async (client) => {
        await client.query('LOCK TABLE store_marker IN SHARE ROW EXCLUSIVE MODE'); // also for rows that do not exist yet
        return (await compare(client, found)) ?? agree(client, found);
      })
    );
  }

  /** As `expect`, for those who write no marker: undefined where `expect` would have accepted a new one. */
  async compare(found: MarkerFound): Promise<MarkerExpected | undefined> {
    return compare(this.pool, found);
  }

  async confirm({ store, partOf, place, id }: MarkerFound): Promise<void> {
    await this.pool.query(
      'UPDATE store_marker SET seen_at = now(), place = $3, part_of = $4 WHERE store = $1 AND id = $2',
      [store, id, place, partOf],
    );
  }
}

async function compare(
  database: Database,
  { store, partOf, place, id }: MarkerFound,
): Promise<MarkerExpected | undefined> {
  const known = await list(database);
  const own = known.find((each) => each.store === store);
  if (own && (own.id === id || (own.seen && (await hasBags(database, [store, ...partOf])))))
    return { id: own.id, isNew: false, place: own.place };
  const other = known.find((each) => each.id === id);
  if (other && (await hasBags(database, [other.store, ...other.partOf])))
    throw new Refused(
      'ROOT_REPLACED',
      `The store ${store} at ${place} has the marker of the store ${other.store}. If this is that store under another name, run "coldroom store rename ${other.store} ${store}"; if it is a copy of that store, remove its marker.`,
      { store, place, id },
    );
  return undefined;
}

/** The id in the marker, or for a store without one the id that someone else was given for the same place. */
async function agree(client: Database, { store, partOf, place, id }: MarkerFound): Promise<MarkerExpected> {
  const own = (await list(client)).find((each) => each.store === store);
  const agreed = id ?? (own?.place === place ? own.id : randomUUID());
  await client.query('DELETE FROM store_marker WHERE id = $2 AND store <> $1', [store, agreed]);
  await client.query(
    `INSERT INTO store_marker (store, part_of, id, place) VALUES ($1, $2, $3, $4)
     ON CONFLICT (store) DO UPDATE SET part_of = excluded.part_of, id = excluded.id, place = excluded.place, seen_at = NULL`,
    [store, partOf, agreed, place],
  );
  return { id: agreed, isNew: id === undefined, place };
}

async function list(database: Database): Promise<readonly Known[]> {
  const { rows } = await database.query(
    'SELECT store, part_of AS "partOf", id, place, seen_at IS NOT NULL AS seen FROM store_marker',
  );
  return rows;
}

async function hasBags(database: Database, stores: readonly string[]): Promise<boolean> {
  const { rows } = await database.query(
    'SELECT EXISTS (SELECT FROM bag WHERE store = ANY($1) OR moving_to = ANY($1) OR moved_from = ANY($1)) AS has',
    [stores],
  );
  return rows[0].has;
}
