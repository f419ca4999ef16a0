import type pg from 'pg';
import { NotYet, Refused } from '@coldroom/domain';
import { transaction } from '../db/connection';

/**
 * Gives a store another name wherever the register names it as it is now; events keep the old one. Nothing else changes,
 * so a second call finds nothing to rename. Throws `NotYet` `BAG_BUSY` while a worker holds one of its bags, and
 * `Refused` `STORE_IN_USE` if there are bags under the new name already and anything is known of the old one,
 * `STORE_UNKNOWN` if the register has neither name. Returns how many bags were renamed.
 */
export async function renameStore(pool: pg.Pool, from: string, to: string, by: string): Promise<number> {
  return transaction(pool, async (client) => {
    const { rows: bags } = await client.query<{
      store: string;
      moving: string | null;
      left: string | null;
      busy: boolean;
    }>(
      `SELECT store, moving_to AS moving, moved_from AS "left", coalesce(lease_until > now(), false) AS busy FROM bag
       WHERE $1 IN (store, moving_to, moved_from) OR $2 IN (store, moving_to, moved_from) ORDER BY id FOR UPDATE`,
      [from, to],
    );
    const own = bags.filter(({ store }) => store === from).length;
    if (bags.some(({ busy }) => busy))
      throw new NotYet('BAG_BUSY', `A bag in store ${from} or ${to} is being worked on; stop the services first`);
    const { rows: marked } = await client.query('SELECT FROM store_marker WHERE store = $1', [from]);
    // Also where all bags have left it: its marker, and where they were moved from, would become those of the other.
    const isKnown = marked.length > 0 || bags.some(({ store, moving, left }) => [store, moving, left].includes(from));
    if (isKnown && bags.some(({ store }) => store === to))
      throw new Refused('STORE_IN_USE', `There are bags in a store ${to} already: two stores cannot become one.`);
    const { rows: named } = await client.query('SELECT FROM store_health WHERE name = $1', [from]);
    if (bags.length === 0 && named.length === 0)
      throw new Refused('STORE_UNKNOWN', `The register knows no store ${from}.`);
    const { rowCount: changed } = await client.query(
      `UPDATE bag SET store = CASE store WHEN $1 THEN $2 ELSE store END,
         moving_to = CASE moving_to WHEN $1 THEN $2 ELSE moving_to END,
         moved_from = CASE moved_from WHEN $1 THEN $2 ELSE moved_from END
       WHERE $1 IN (store, moving_to, moved_from)`,
      [from, to],
    );
    await client.query('UPDATE request SET store = $2 WHERE store = $1', [from, to]);
    await client.query('UPDATE adopted_job SET store = $2 WHERE store = $1', [from, to]);
    // A switch of the new name is left from an earlier store; if it is on, it stays so.
    await client.query("DELETE FROM switch WHERE name = 'store:' || $1::text AND NOT stopped", [to]);
    await client.query(
      "UPDATE switch SET name = 'store:' || $2::text WHERE name = 'store:' || $1::text AND NOT EXISTS (SELECT FROM switch WHERE name = 'store:' || $2::text)",
      [from, to],
    );
    await renameMarker(client, from, to);
    await client.query('DELETE FROM store_health WHERE name = $1', [from]);
    await client.query('DELETE FROM fixity_figure WHERE store = $1', [from]);
    // Also for a store that bags have only been moved from: they are still in it.
    if (own > 0 || named.length > 0 || (changed ?? 0) > 0)
      await client.query(
        `INSERT INTO event (actor, what, detail)
         VALUES ($3, 'store renamed', jsonb_build_object('from', $1::text, 'to', $2::text, 'bags', $4::int))`,
        [from, to, by, own],
      );
    return own;
  });
}

/** What is known of the new name, if anything, is left from an earlier store of that name, which has no bags. */
async function renameMarker(client: pg.ClientBase, from: string, to: string): Promise<void> {
  await client.query(
    'DELETE FROM store_marker WHERE store = $2 AND EXISTS (SELECT FROM store_marker WHERE store = $1)',
    [from, to],
  );
  await client.query(
    `UPDATE store_marker SET store = CASE store WHEN $1 THEN $2::text ELSE store END, part_of = array_replace(part_of, $1::text, $2::text)
     WHERE store = $1 OR $1 = ANY(part_of)`,
    [from, to],
  );
}
