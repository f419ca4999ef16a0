import type pg from 'pg';
import { Refused } from '@coldroom/domain';
import { lockRequests, transaction } from '../db/connection';
import { leastState } from '../transitions/bag-state';
import type { RebuiltBag, RebuiltFile } from './rebuilt-bag';
import { addFiles, addImages, giveWay } from './rebuilt-files';
import { advance, requestOf } from './rebuilt-request';
import { catchUpBag } from './restored-bag';
import { settleRest } from './restored-rest';
import { beforeLink, counts, linkMissing } from './restored-rows';

/**
 * The result for a bag: `known` if the register has it already, `later` if its request must wait until all numbered
 * requests have their numbers.
 */
export type RebuildAnswer = 'known' | 'later' | { readonly requestId: bigint };

/** Fills an empty register from bags, each in one transaction: starting again after a crash continues the rebuild. */
export class Rebuild {
  constructor(private readonly pool: pg.Pool) {}

  /** `Refused` `REGISTER_NOT_EMPTY` if there are requests that did not come from a rebuild. */
  async checkEmpty(): Promise<void> {
    const {
      rows: [row],
    } = await this.pool.query<{ requests: number }>(
      `SELECT count(*)::int AS requests FROM request r WHERE NOT EXISTS (SELECT FROM event e WHERE e.request_id = r.id AND e.bag_id IS NULL AND e.what = 'rebuild')`,
    );
    if (row?.requests === 0) return;
    throw new Refused(
      'REGISTER_NOT_EMPTY',
      `The register has ${row?.requests} requests that were made by people; only an empty register can be rebuilt. Name another database in REGISTER_DATABASE_URL`,
    );
  }

  async knows(bag: string): Promise<boolean> {
    const { rowCount } = await this.pool.query('SELECT FROM bag WHERE name = $1', [bag]);
    return (rowCount ?? 0) > 0;
  }

  /**
   * Whether the register has a bag of this name, and each of its files in a state from the link on, with a link into
   * the store that has it now.
   */
  async isUpToDate(bag: string, store: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `SELECT FROM bag b WHERE b.name = $1 AND NOT EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND (${beforeLink} OR b.store <> $2 AND ${linkMissing}))`,
      [bag, store],
    );
    return (rowCount ?? 0) > 0;
  }

  /** Adds what a bag knows beyond a register that was restored from a backup; see `catchUpBag`. */
  async catchUp(bag: RebuiltBag, by: string, last: boolean): Promise<RebuildAnswer> {
    return transaction(this.pool, async (client) => {
      await client.query(`SELECT pg_advisory_xact_lock(hashtext('coldroom rebuild bag'))`);
      const answer = await catchUpBag(client, bag, by, last);
      if (typeof answer !== 'string') await recordRebuild(client, answer.requestId, answer.bagId, by);
      return answer;
    });
  }

  /** The end of catching up; see `settleRest`. */
  async settleRest(by: string): Promise<readonly bigint[]> {
    return settleRest(this.pool, by);
  }

  /** How many files of a bag have held originals. */
  async heldFiles(bag: string): Promise<number> {
    const {
      rows: [row],
    } = await this.pool.query<{ files: number }>(
      `SELECT count(*)::int AS files FROM file f JOIN bag b ON b.id = f.bag_id WHERE b.name = $1 AND f.state = 'linked'`,
      [bag],
    );
    return row?.files ?? 0;
  }

  /** The number of the row that counts for each of these paths, or null. */
  async numbersOf(files: readonly Pick<RebuiltFile, 'root' | 'path'>[]): Promise<readonly (bigint | null)[]> {
    const { rows } = await this.pool.query<{ id: bigint | null }>(
      `SELECT f.id FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS mine(root, path, nr)
       LEFT JOIN file f ON f.root = mine.root AND f.path = mine.path AND ${counts} ORDER BY mine.nr`,
      [files.map(({ root }) => root), files.map(({ path }) => path)],
    );
    return rows.map(({ id }) => id);
  }

  /** New files get numbers above this one: names in the hold directories are numbers of an older register. */
  async numberFilesAbove(id: bigint): Promise<void> {
    await advance(this.pool, 'file', id);
  }

  /**
   * Writes a bag with its files, images and request. A request keeps its number if that is free. One without a number,
   * or whose number another request has, is `later` until `last` is set.
   */
  async add(bag: RebuiltBag, by: string, last: boolean): Promise<RebuildAnswer> {
    return transaction(this.pool, async (client) => {
      await client.query(`SELECT pg_advisory_xact_lock(hashtext('coldroom rebuild bag'))`); // two bags that find no request would create two
      const { rowCount } = await client.query('SELECT FROM bag WHERE name = $1', [bag.name]);
      if (rowCount) return 'known';
      const requestId = await requestOf(client, bag, by, last);
      if (requestId === undefined) return 'later';
      await lockRequests(client, [requestId]);
      const {
        rows: [made],
      } = await client.query<{ id: bigint }>(
        `INSERT INTO bag (request_id, name, store, state, files, bytes, created_at, sealed_at) VALUES ($1, $2, $3, 'done', $4, $5, $6, $6) RETURNING id`,
        [
          requestId,
          bag.name,
          bag.store,
          bag.files.length,
          bag.files.reduce((sum, file) => sum + file.identity.size, 0n),
          bag.date,
        ],
      );
      const bagId = (made as { id: bigint }).id;
      await giveWay(client, bag);
      await addFiles(client, requestId, bagId, bag);
      await client.query(`UPDATE bag SET state = ${leastState} WHERE id = $1`, [bagId]);
      await addImages(client, requestId, bagId, bag);
      await recordRebuild(client, requestId, bagId, by);
      return { requestId };
    });
  }
}

async function recordRebuild(client: pg.ClientBase, requestId: bigint, bagId: bigint, by: string): Promise<void> {
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, what, to_state, detail)
     SELECT $1, $2, $3, 'rebuild', state, jsonb_build_object('files', count(*)) FROM file WHERE bag_id = $3 GROUP BY state`,
    [by, requestId, bagId],
  );
  await client.query(
    `INSERT INTO event (actor, request_id, bag_id, file_id, what, to_state, code, detail)
     SELECT $1, $2, $3, id, 'rebuild', state, coalesce(code, copy_fault), jsonb_build_object('reason', reason, 'copy', copy_fault)
     FROM file WHERE bag_id = $3 AND (code IS NOT NULL OR copy_fault IS NOT NULL)`,
    [by, requestId, bagId],
  );
}
