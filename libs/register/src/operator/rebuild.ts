import type pg from 'pg';
import { Refused } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { addBag, recordRebuild, type RebuildAnswer } from './add-bag';
import type { RebuiltBag, RebuiltFile } from './rebuilt-bag';
import { advance, restartable } from './rebuilt-request';
import { catchUpBag } from './restored-bag';
import { settleRest } from './restored-rest';
import { beforeLink, counts, linkMissing } from './restored-rows';

/** Fills an empty register from bags, each in one transaction: starting again after a crash continues the rebuild. */
export class Rebuild {
  constructor(
    private readonly pool: pg.Pool,
    /** Set in a rehearsal: everything happens in its transaction. */
    private readonly rehearsal?: pg.PoolClient,
  ) {}

  /** Runs `work` in one transaction that is rolled back, together with the numbers that it gave. */
  async rehearse<T>(work: (rebuild: Rebuild) => Promise<T>): Promise<T> {
    return transaction(
      this.pool,
      async (client) => {
        for (const table of ['file', 'request'] as const) await restartable(client, table);
        const result = await work(new Rebuild(this.pool, client));
        await client.query('ROLLBACK'); // the commit that follows finds nothing to commit
        return result;
      },
      0, // stores are read meanwhile
    );
  }

  private get sql(): pg.Pool | pg.PoolClient {
    return this.rehearsal ?? this.pool;
  }

  private transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.rehearsal ? work(this.rehearsal) : transaction(this.pool, work);
  }

  /** `Refused` `REGISTER_NOT_EMPTY` if there are requests that did not come from a rebuild. */
  async checkEmpty(): Promise<void> {
    const {
      rows: [row],
    } = await this.sql.query<{ requests: number }>(
      `SELECT count(*)::int AS requests FROM request r WHERE NOT EXISTS (SELECT FROM event e WHERE e.request_id = r.id AND e.bag_id IS NULL AND e.what = 'rebuild')`,
    );
    if (row?.requests === 0) return;
    throw new Refused(
      'REGISTER_NOT_EMPTY',
      `The register has ${row?.requests} requests that were made by people; only an empty register can be rebuilt. Name another database in REGISTER_DATABASE_URL`,
    );
  }

  async knows(bag: string): Promise<boolean> {
    const { rowCount } = await this.sql.query('SELECT FROM bag WHERE name = $1', [bag]);
    return (rowCount ?? 0) > 0;
  }

  /**
   * Whether the register has a bag of this name, and each of its files in a state from the link on, with a link into
   * the store that has it now.
   */
  async isUpToDate(bag: string, store: string): Promise<boolean> {
    const { rowCount } = await this.sql.query(
      `SELECT FROM bag b WHERE b.name = $1 AND NOT EXISTS (SELECT FROM file f WHERE f.bag_id = b.id AND (${beforeLink} OR b.store <> $2 AND ${linkMissing}))`,
      [bag, store],
    );
    return (rowCount ?? 0) > 0;
  }

  /** Adds what a bag knows beyond a register that was restored from a backup; see `catchUpBag`. */
  async catchUp(bag: RebuiltBag, by: string, last: boolean): Promise<RebuildAnswer> {
    return this.transaction(async (client) => {
      await client.query(`SELECT pg_advisory_xact_lock(hashtext('coldroom rebuild bag'))`);
      const answer = await catchUpBag(client, bag, by, last);
      if (typeof answer !== 'string') await recordRebuild(client, answer.requestId, answer.bagId, by);
      return answer;
    });
  }

  /** The end of catching up; see `settleRest`. */
  async settleRest(by: string): Promise<readonly bigint[]> {
    return settleRest(this.sql, (work) => this.transaction(work), by);
  }

  /** How many files of a bag have held originals. */
  async heldFiles(bag: string): Promise<number> {
    const {
      rows: [row],
    } = await this.sql.query<{ files: number }>(
      `SELECT count(*)::int AS files FROM file f JOIN bag b ON b.id = f.bag_id WHERE b.name = $1 AND f.state = 'linked'`,
      [bag],
    );
    return row?.files ?? 0;
  }

  /** The number of the row that counts for each of these paths, or null. */
  async numbersOf(files: readonly Pick<RebuiltFile, 'root' | 'path'>[]): Promise<readonly (bigint | null)[]> {
    const { rows } = await this.sql.query<{ id: bigint | null }>(
      `SELECT f.id FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS mine(root, path, nr)
       LEFT JOIN file f ON f.root = mine.root AND f.path = mine.path AND ${counts} ORDER BY mine.nr`,
      [files.map(({ root }) => root), files.map(({ path }) => path)],
    );
    return rows.map(({ id }) => id);
  }

  /** New files get numbers above this one: names in the hold directories are numbers of an older register. */
  async numberFilesAbove(id: bigint): Promise<void> {
    await advance(this.sql, 'file', id);
  }

  /**
   * Writes a bag with its files, images and request. A request keeps its number if that is free. One without a number,
   * or whose number another request has, is `later` until `last` is set.
   */
  async add(bag: RebuiltBag, by: string, last: boolean): Promise<RebuildAnswer> {
    return this.transaction(async (client) => {
      await client.query(`SELECT pg_advisory_xact_lock(hashtext('coldroom rebuild bag'))`); // two bags that find no request would create two
      return addBag(client, bag, by, last);
    });
  }
}
