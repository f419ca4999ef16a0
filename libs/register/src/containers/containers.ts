import type pg from 'pg';
import type { Container } from '@coldroom/domain';

/** What the scanner read in OMERO. */
export interface ContainerAnswer extends Container {
  /** Null if OMERO has none of this id, or it could not be read. */
  readonly name: string | null;
  readonly imageIds: readonly bigint[];
  /** Why it could not be read; null if it could. */
  readonly code: string | null;
  readonly reason: string | null;
}

const isAsked = '(answered_at IS NULL OR answered_at < asked_at)';

/** Questions about OMERO's datasets, projects, plates and screens, which the scanner answers. */
export class Containers {
  constructor(private readonly pool: pg.Pool) {}

  /** Asks unless there is an answer of at most this age. What could not be read is asked for again. */
  async ask(containers: readonly Container[], maxAgeMs: number): Promise<void> {
    await this.pool.query(
      `INSERT INTO container (kind, id) SELECT * FROM unnest($1::text[], $2::bigint[])
       ON CONFLICT (kind, id) DO UPDATE SET asked_at = clock_timestamp()
       WHERE NOT (container.answered_at IS NULL OR container.answered_at < container.asked_at)
         AND (container.code IS NOT NULL OR container.answered_at < now() - $3 * interval '1 ms')`,
      [...listed(containers), maxAgeMs],
    );
  }

  /** Those of the containers that are answered. */
  async answers(containers: readonly Container[]): Promise<readonly ContainerAnswer[]> {
    const { rows } = await this.pool.query<ContainerAnswer>(
      `SELECT kind, id, name, image_ids AS "imageIds", code, reason FROM container
       WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::bigint[])) AND NOT ${isAsked} ORDER BY kind, id`,
      listed(containers),
    );
    return rows.map((row) => ({ ...row, imageIds: row.imageIds.map(BigInt) }));
  }

  /** Whether each of the containers is answered. */
  async areAnswered(containers: readonly Container[]): Promise<boolean> {
    const { rows } = await this.pool.query<{ open: boolean }>(
      `SELECT EXISTS (SELECT FROM container WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::bigint[])) AND ${isAsked}) AS open`,
      listed(containers),
    );
    return !rows[0]?.open;
  }

  /** The oldest questions first. */
  async asked(limit: number): Promise<readonly Container[]> {
    const { rows } = await this.pool.query<Container>(
      `SELECT kind, id FROM container WHERE ${isAsked} ORDER BY asked_at LIMIT $1`,
      [limit],
    );
    return rows;
  }

  async answer({ kind, id, name, imageIds, code, reason }: ContainerAnswer): Promise<void> {
    await this.pool.query(
      `UPDATE container SET answered_at = clock_timestamp(), name = $3, image_ids = $4, code = $5, reason = $6
       WHERE kind = $1 AND id = $2`,
      [kind, id, name, imageIds, code, reason],
    );
  }

  /** Removes what was answered before that. */
  async forget(olderThanMs: number): Promise<void> {
    await this.pool.query("DELETE FROM container WHERE answered_at < now() - $1 * interval '1 ms'", [olderThanMs]);
  }
}

function listed(containers: readonly Container[]): [string[], bigint[]] {
  return [containers.map(({ kind }) => kind), containers.map(({ id }) => id)];
}
