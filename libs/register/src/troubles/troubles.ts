import type pg from 'pg';
import { transaction } from '../db/connection';

/** Something that is wrong now: `store unavailable:main`, `audit finding:LOST`. */
export interface Trouble {
  readonly name: string;
  readonly code: string | null;
  /** `kind` is the name up to the colon. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly since: Date;
}

export interface FoundTrouble {
  /** Of this form: `store unavailable:main`. */
  readonly name: string;
  readonly code?: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** It has grown since it was last reported, and is reported again. */
  readonly grown?: boolean;
}

/** The events of troubles: one when it is found or has grown, one when it is over; none for each look at it. */
export const troubleEvents = { found: 'trouble found', over: 'trouble over' } as const;

/** What is wrong, for as long as it is. */
export class Troubles {
  constructor(private readonly pool: pg.Pool) {}

  /** Records what was found. Returns the names of those that are new or have grown. */
  async found(troubles: readonly FoundTrouble[], by: string): Promise<readonly string[]> {
    if (troubles.length === 0) return [];
    const ordered = troubles.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return transaction(this.pool, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `WITH found AS (
           SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::boolean[]) AS f(name, code, detail, grown)
         ), kept AS (
           INSERT INTO trouble AS t (name, code, detail) SELECT name, code, detail FROM found
           ON CONFLICT (name) DO UPDATE SET code = excluded.code, detail = excluded.detail
           RETURNING name, code, detail, xmax = 0 AS is_new
         ), news AS (SELECT k.* FROM kept k JOIN found USING (name) WHERE k.is_new OR found.grown
         ), told AS (
           INSERT INTO event (actor, what, code, detail)
           SELECT $5, '${troubleEvents.found}', code, detail || jsonb_build_object('name', name, 'kind', split_part(name, ':', 1))
           FROM news ORDER BY name)
         SELECT name FROM news ORDER BY name`,
        [
          ordered.map(({ name }) => name),
          ordered.map(({ code }) => code ?? null),
          ordered.map(({ detail }) => JSON.stringify(detail)),
          ordered.map(({ grown = false }) => grown),
          by,
        ],
      );
      return rows.map(({ name }) => name);
    });
  }

  /** Ends these troubles, as far as they are known. Returns which were. */
  async over(names: readonly string[], by: string): Promise<readonly string[]> {
    if (names.length === 0) return [];
    return transaction(this.pool, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `WITH ended AS (DELETE FROM trouble WHERE name = ANY($1) RETURNING *), told AS (
           INSERT INTO event (actor, what, code, detail)
           SELECT $2, '${troubleEvents.over}', code,
             detail || jsonb_build_object('name', name, 'kind', split_part(name, ':', 1), 'since', since) FROM ended)
         SELECT name FROM ended ORDER BY name`,
        [names, by],
      );
      return rows.map(({ name }) => name);
    });
  }

  /** The oldest first; with `kind`, only those. */
  async list(kind?: string): Promise<readonly Trouble[]> {
    const { rows } = await this.pool.query<Trouble>(
      `SELECT name, code, detail, since FROM trouble WHERE $1::text IS NULL OR split_part(name, ':', 1) = $1 ORDER BY since, name`,
      [kind ?? null],
    );
    return rows;
  }
}
