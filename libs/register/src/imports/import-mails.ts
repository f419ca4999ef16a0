import type pg from 'pg';
import type { ImportState } from '@coldroom/domain';

/** What mails say about one order. */
export interface ImportForMail {
  readonly id: bigint;
  readonly display: string;
  readonly target: string;
  readonly group: string;
  readonly state: ImportState;
  readonly code: string | null;
  readonly reason: string | null;
  readonly note: string | null;
  readonly files: number;
  readonly bytes: bigint;
  readonly images: number;
  /** Files that OMERO's importer left out, and the first of them. */
  readonly leftOut: number;
  readonly leftOutFirst: readonly string[];
}

/** Orders of one person, and the first of them. */
export interface ImportsOfPerson {
  readonly personId: bigint;
  readonly person: string;
  readonly count: number;
  readonly shown: readonly ImportForMail[];
}

const leftOut = `f.order_id = o.id AND f.fileset IS NULL AND NOT f.control
  AND EXISTS (SELECT FROM import_fileset l WHERE l.order_id = o.id)`;
const columns = `o.id, o.display, o.target, o.group_name AS "group", o.state, o.code, o.reason, o.note, o.files, o.bytes,
  (SELECT coalesce(sum(f.images), 0)::int FROM import_fileset f WHERE f.order_id = o.id) AS images,
  (SELECT count(*)::int FROM import_file f WHERE ${leftOut}) AS "leftOut",
  ARRAY(SELECT f.display FROM import_file f WHERE ${leftOut} ORDER BY f.id LIMIT 10) AS "leftOutFirst"`;

/** What mails about imports say. No list of all orders is held in memory. */
export class ImportMails {
  constructor(private readonly pool: pg.Pool) {}

  /** Those of these orders that are in one of these states now, by person. */
  async among(
    ids: readonly bigint[],
    states: readonly ImportState[],
    shown: number,
  ): Promise<readonly ImportsOfPerson[]> {
    return this.byPerson('o.id = ANY ($1) AND o.state = ANY ($2)', [ids, states], shown);
  }

  /** Orders that have waited for longer than this, by person. */
  async waiting(longerMs: number, shown: number): Promise<readonly ImportsOfPerson[]> {
    const where = `o.waiting_since < now() - $1 * interval '1 ms' AND o.state NOT IN ('done', 'emptied', 'cancelled', 'stuck')`;
    return this.byPerson(where, [longerMs], shown);
  }

  private async byPerson(
    where: string,
    values: readonly unknown[],
    shown: number,
  ): Promise<readonly ImportsOfPerson[]> {
    const { rows } = await this.pool.query<{ personId: bigint; person: string; count: number; first: bigint[] }>(
      `SELECT o.person_id AS "personId", max(o.person) AS person, count(*)::int AS count,
         (array_agg(o.id ORDER BY o.id))[1:${shown}] AS first
       FROM import_order o WHERE ${where} GROUP BY o.person_id ORDER BY o.person_id`,
      [...values],
    );
    return Promise.all(rows.map(async ({ first, ...row }) => ({ ...row, shown: await this.orders(first) })));
  }

  private async orders(ids: readonly bigint[]): Promise<readonly ImportForMail[]> {
    const { rows } = await this.pool.query<ImportForMail>(
      `SELECT ${columns} FROM import_order o WHERE o.id = ANY ($1) ORDER BY o.id`,
      [ids],
    );
    return rows;
  }
}
