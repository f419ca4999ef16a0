import type pg from 'pg';

/** An image, or the images of a fileset, that a report is about. */
export interface ImageQuestion {
  readonly kind: 'Image' | 'Fileset';
  readonly id: bigint;
}

/** What the scanner read in OMERO and on disk. */
export interface ImageQuestionAnswer extends ImageQuestion {
  /** Null if OMERO has none of this id, or it could not be read. Ids and sizes in it are texts. */
  readonly answer: unknown;
  /** Why it could not be read; null if it could. */
  readonly code: string | null;
  readonly reason: string | null;
}

const isAsked = '(answered_at IS NULL OR answered_at < asked_at)';
const isNamed = '(kind, id) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))';

/** Questions about single images and filesets, which the scanner answers. */
export class ImageQuestions {
  constructor(private readonly pool: pg.Pool) {}

  /** Asks unless there is an answer of at most this age. What could not be read is asked for again. */
  async ask(questions: readonly ImageQuestion[], maxAgeMs: number): Promise<void> {
    await this.pool.query(
      `INSERT INTO image_question AS q (kind, id) SELECT DISTINCT * FROM unnest($1::text[], $2::bigint[]) AS a(kind, id) ORDER BY 1, 2
       ON CONFLICT (kind, id) DO UPDATE SET asked_at = clock_timestamp()
       WHERE NOT (q.answered_at IS NULL OR q.answered_at < q.asked_at)
         AND (q.code IS NOT NULL OR q.answered_at < now() - $3 * interval '1 ms')`,
      [...listed(questions), maxAgeMs],
    );
  }

  /** Those that are answered. */
  async answers(questions: readonly ImageQuestion[]): Promise<readonly ImageQuestionAnswer[]> {
    const { rows } = await this.pool.query<ImageQuestionAnswer>(
      `SELECT kind, id, answer, code, reason FROM image_question WHERE ${isNamed} AND NOT ${isAsked} ORDER BY kind, id`,
      listed(questions),
    );
    return rows;
  }

  async areAnswered(questions: readonly ImageQuestion[]): Promise<boolean> {
    const { rows } = await this.pool.query<{ open: boolean }>(
      `SELECT EXISTS (SELECT FROM image_question WHERE ${isNamed} AND ${isAsked}) AS open`,
      listed(questions),
    );
    return !rows[0]?.open;
  }

  /** The oldest first. */
  async asked(limit: number): Promise<readonly ImageQuestion[]> {
    const { rows } = await this.pool.query<ImageQuestion>(
      `SELECT kind, id FROM image_question WHERE ${isAsked} ORDER BY asked_at LIMIT $1`,
      [limit],
    );
    return rows;
  }

  async answer({ kind, id, answer, code, reason }: ImageQuestionAnswer): Promise<void> {
    await this.pool.query(
      `UPDATE image_question SET answered_at = clock_timestamp(), answer = $3::jsonb, code = $4, reason = $5 WHERE kind = $1 AND id = $2`,
      [kind, id, answer === null ? null : JSON.stringify(answer, asText), code, reason],
    );
  }

  /** Removes what was answered before that. */
  async forget(olderThanMs: number): Promise<void> {
    await this.pool.query("DELETE FROM image_question WHERE answered_at < now() - $1 * interval '1 ms'", [olderThanMs]);
  }
}

function listed(questions: readonly ImageQuestion[]): [string[], bigint[]] {
  return [questions.map(({ kind }) => kind), questions.map(({ id }) => id)];
}

const asText = (_key: string, given: unknown): unknown => (typeof given === 'bigint' ? given.toString() : given);
