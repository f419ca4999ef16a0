import type pg from 'pg';

/** How OMERO's importer would group the files of a source, and what it would leave out. */
export interface ImportPreview {
  readonly files: number;
  readonly bytes: bigint;
  readonly filesetCount: number;
  /** The first of them. */
  readonly filesets: readonly PreviewFileset[];
  readonly refusedCount: number;
  /** The first files that cannot be imported, and why. */
  readonly refused: readonly PreviewFault[];
}

export interface PreviewFileset {
  readonly reader: string;
  readonly files: number;
  /** The file that is opened, below the source, as it is shown. */
  readonly name: string;
}

export interface PreviewFault {
  readonly name: string;
  readonly code: string;
}

/** What an importer found out, or why it could not. */
export type PreviewAnswer =
  | { readonly preview: ImportPreview; readonly code: null; readonly reason: null }
  | { readonly preview: null; readonly code: string; readonly reason: string };

export interface PreviewState {
  /** Undefined while it is not answered. */
  readonly answer: PreviewAnswer | undefined;
  /** An importer works on it. */
  readonly isTaken: boolean;
}

const isAsked = '(answered_at IS NULL OR answered_at < asked_at)';

/** Questions about what would be imported, which the importer answers. */
export class ImportPreviews {
  constructor(private readonly pool: pg.Pool) {}

  /** Asks unless there is an answer of at most this age, or the question is open. */
  async ask(source: Buffer, maxAgeMs: number, failedMaxAgeMs = 0): Promise<void> {
    await this.pool.query(
      `INSERT INTO import_preview (source) VALUES ($1)
       ON CONFLICT (key) DO UPDATE SET asked_at = clock_timestamp(), taken_until = NULL, taken_by = NULL
       WHERE import_preview.answered_at >= import_preview.asked_at
         AND import_preview.answered_at < now() - CASE WHEN import_preview.code IS NULL THEN $2::float ELSE $3::float END * interval '1 ms'`,
      [source, maxAgeMs, failedMaxAgeMs],
    );
  }

  async state(source: Buffer): Promise<PreviewState> {
    const { rows } = await this.pool.query<Row & { asked: boolean; taken: boolean }>(
      `SELECT answer, code, reason, ${isAsked} AS asked, coalesce(taken_until > now(), false) AS taken
       FROM import_preview WHERE key = sha256($1)`,
      [source],
    );
    const [row] = rows;
    return { answer: row && !row.asked ? answerOf(row) : undefined, isTaken: row?.taken ?? false };
  }

  /** Takes the oldest question that no importer works on, for so long; undefined if there is none. */
  async take(worker: string, leaseMs: number): Promise<Buffer | undefined> {
    const { rows } = await this.pool.query<{ source: Buffer }>(
      `UPDATE import_preview SET taken_until = now() + $2 * interval '1 ms', taken_by = $1
       WHERE key = (SELECT key FROM import_preview WHERE ${isAsked} AND (taken_until IS NULL OR taken_until < now())
                    ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING source`,
      [worker, leaseMs],
    );
    return rows[0]?.source;
  }

  /** Answers what this worker has taken; an answer that comes too late is dropped. */
  async answer(source: Buffer, worker: string, { preview, code, reason }: PreviewAnswer): Promise<void> {
    const answer = preview === null ? null : JSON.stringify({ ...preview, bytes: String(preview.bytes) });
    await this.pool.query(
      `UPDATE import_preview SET answered_at = clock_timestamp(), answer = $3, code = $4, reason = $5, taken_until = NULL, taken_by = NULL
       WHERE key = sha256($1) AND taken_by = $2`,
      [source, worker, answer, code, reason],
    );
  }

  /** Gives back what this worker has taken, for another one. */
  async release(source: Buffer, worker: string): Promise<void> {
    await this.pool.query(
      'UPDATE import_preview SET taken_until = NULL, taken_by = NULL WHERE key = sha256($1) AND taken_by = $2',
      [source, worker],
    );
  }

  /** Removes what was asked before that. */
  async forget(olderThanMs: number): Promise<void> {
    await this.pool.query("DELETE FROM import_preview WHERE asked_at < now() - $1 * interval '1 ms'", [olderThanMs]);
  }
}

interface Row {
  readonly answer: (Omit<ImportPreview, 'bytes'> & { readonly bytes: string }) | null;
  readonly code: string | null;
  readonly reason: string | null;
}

function answerOf({ answer, code, reason }: Row): PreviewAnswer {
  if (answer) return { preview: { ...answer, bytes: BigInt(answer.bytes) }, code: null, reason: null };
  return { preview: null, code: code ?? 'UNKNOWN', reason: reason ?? '' };
}
