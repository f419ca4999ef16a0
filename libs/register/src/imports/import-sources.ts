import type pg from 'pg';
import type { ImportState } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { underClaim, type ImportClaim } from './import-claims';

/** An order whose source is, or should be, in a buffer. */
export interface SourceInBuffer {
  readonly id: bigint;
  readonly state: ImportState;
  readonly person: string;
  readonly source: Buffer;
  readonly display: string;
  readonly files: number;
  readonly bytes: bigint;
  readonly provenAt: Date | null;
  /** Why it waits; of a done order, why its source is still there. */
  readonly note: string | null;
}

/** The sources of orders, by where they are. */
export class ImportSources {
  constructor(private readonly pool: pg.Pool) {}

  /** Below an absolute directory, by path; cancelled and emptied orders are left out. */
  async below(directory: string): Promise<readonly SourceInBuffer[]> {
    const [from, to] = [Buffer.from(`${directory}/`), Buffer.from(`${directory}0`)]; // "0" follows "/"
    const { rows } = await this.pool.query<SourceInBuffer>(
      `SELECT id, state, person, source, display, files, bytes, proven_at AS "provenAt", note FROM import_order
       WHERE source >= $1 AND source < $2 AND state NOT IN ('cancelled', 'emptied') ORDER BY source, id`,
      [from, to],
    );
    return rows;
  }

  /**
   * Another order that works on the source of this one, on a part of it, or on what contains it, or a cancelled one whose
   * files may not be back yet.
   */
  async inUseBy(order: WithSource): Promise<bigint | undefined> {
    return inUse(this.pool, order);
  }

  /**
   * Another order for which files of this source may be elsewhere now: what is at the source is not all of it. As
   * `take` of the other one, this waits for its turn, so one of the two sees the other.
   */
  async heldBy(order: WithSource): Promise<bigint | undefined> {
    return transaction(this.pool, async (client) => {
      await client.query(oneAtATime);
      return held(client, order);
    });
  }

  /**
   * Records that files of the source are about to be moved to names of ours, unless another order is in the way: then
   * nothing is recorded, and its number is the answer. For an order that is `done`, any other order that uses the source is
   * in the way; for others, one that has moved its files or imports them where they are.
   */
  async take(claim: ImportClaim): Promise<bigint | undefined> {
    const { order } = claim;
    return underClaim(this.pool, claim, async (client) => {
      await client.query(oneAtATime);
      const other =
        (await held(client, order)) ?? (await (order.state === 'done' ? inUse(client, order) : inPlace(client, order)));
      if (other === undefined)
        await client.query('UPDATE import_order SET source_taken_at = coalesce(source_taken_at, now()) WHERE id = $1', [
          order.id,
        ]);
      return other;
    });
  }

  /** Records that no file of the source is at a name of ours instead of its own, unless it cannot go back. */
  async gaveBack(claim: ImportClaim): Promise<void> {
    await underClaim(this.pool, claim, async (client) => {
      await client.query(
        'UPDATE import_order SET source_taken_at = NULL WHERE id = $1 AND source_taken_at IS NOT NULL',
        [claim.order.id],
      );
    });
  }

  /** Those of these orders whose work is over: names of ours that are left of them are of files that could not go back. */
  async ended(ids: readonly bigint[]): Promise<readonly bigint[]> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT id FROM import_order
       WHERE id = ANY ($1) AND (state IN ('done', 'emptied') AND source_taken_at IS NULL OR state = 'cancelled' AND released_at IS NOT NULL)`,
      [ids],
    );
    return rows.map(({ id }) => id);
  }
}

interface WithSource {
  readonly id: bigint;
  readonly source: Buffer;
}

/** Until the end of the transaction: whoever asks who has taken a source waits for those who are about to take one. */
const oneAtATime = "SELECT pg_advisory_xact_lock(hashtext('coldroom import sources'))";
const notReleased = "state = 'cancelled' AND released_at IS NULL";

const inUse = (client: Pick<pg.Pool, 'query'>, order: WithSource): Promise<bigint | undefined> =>
  overlapping(client, order, ["state NOT IN ('done', 'emptied', 'cancelled')", notReleased]);

const held = (client: Pick<pg.Pool, 'query'>, order: WithSource): Promise<bigint | undefined> =>
  overlapping(client, order, ["source_taken_at IS NOT NULL AND state NOT IN ('emptied', 'cancelled')", notReleased]);

/** Orders without locks: OMERO reads the source itself. */
const inPlace = (client: Pick<pg.Pool, 'query'>, order: WithSource): Promise<bigint | undefined> =>
  overlapping(client, order, ["lock = 'none' AND state NOT IN ('ordered', 'done', 'emptied', 'cancelled')"]);

/** Another order in one of these conditions, for the same source, for a part of it, or for what contains it. */
async function overlapping(
  client: Pick<pg.Pool, 'query'>,
  { id, source }: WithSource,
  conditions: readonly string[],
): Promise<bigint | undefined> {
  const candidates = conditions.map((condition) => `SELECT id, source FROM import_order WHERE ${condition}`);
  const { rows } = await client.query<{ id: bigint }>(
    `SELECT id FROM (${candidates.join(' UNION ALL ')}) o
     WHERE id <> $1
       AND (source = $2 OR substring(source FOR length($2) + 1) = $2 || '/'::bytea
         OR substring($2::bytea FOR length(source) + 1) = source || '/'::bytea)
     ORDER BY id LIMIT 1`,
    [id, source],
  );
  return rows[0]?.id;
}
