import type pg from 'pg';
import { codeOf, Refused } from '@coldroom/domain';

/** A file of a set, as its workstation hashed it. */
export interface DeclaredFile {
  readonly number: number;
  /** Bytes below the set. */
  readonly path: Buffer;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly sha256: string;
}

export interface UploadFile extends DeclaredFile {
  readonly isProven: boolean;
}

export type ProvenFile = Pick<DeclaredFile, 'path' | 'size' | 'sha256'>;

const columns = `number, path, size, mtime_ns AS "mtimeNs", sha256, proven_at IS NOT NULL AS "isProven"`;
const page = 500;
const uniqueViolation = '23505';

/** The files of sets that are uploaded. No list of all files of a set is held in memory. */
export class UploadFiles {
  constructor(private readonly pool: pg.Pool) {}

  /** `Refused` `UPLOAD_PATH_TWICE`. What was declared before must be the same: `UPLOAD_DECLARED_OTHERWISE`. */
  async declare(uploadId: bigint, files: readonly DeclaredFile[]): Promise<void> {
    const columnsOf = [
      uploadId,
      files.map(({ number }) => number),
      files.map(({ path }) => path),
      files.map(({ size }) => size),
      files.map(({ mtimeNs }) => mtimeNs),
      files.map(({ sha256 }) => sha256),
    ];
    const given =
      'unnest($2::int[], $3::bytea[], $4::bigint[], $5::bigint[], $6::text[]) AS g(number, path, size, mtime_ns, sha256)';
    try {
      await this.pool.query(
        `INSERT INTO upload_file (upload_id, number, path, size, mtime_ns, sha256)
         SELECT $1, g.* FROM ${given} ON CONFLICT (upload_id, number) DO NOTHING`,
        columnsOf,
      );
    } catch (error) {
      if (codeOf(error) !== uniqueViolation) throw error;
      throw new Refused('UPLOAD_PATH_TWICE', 'Two files of the set have the same path. Nothing of these was recorded.');
    }
    const { rows } = await this.pool.query<{ same: number }>(
      `SELECT count(*)::int AS same FROM upload_file f JOIN ${given} USING (number, path, size, mtime_ns, sha256) WHERE f.upload_id = $1`,
      columnsOf,
    );
    if (rows[0]?.same !== files.length)
      throw new Refused('UPLOAD_DECLARED_OTHERWISE', 'Files of this set were declared before, and as other ones.');
  }

  async get(uploadId: bigint, number: number): Promise<UploadFile | undefined> {
    const { rows } = await this.pool.query<UploadFile>(
      `SELECT ${columns} FROM upload_file WHERE upload_id = $1 AND number = $2`,
      [uploadId, number],
    );
    return rows[0];
  }

  /** Some that are not proven, by number, after this one. */
  async missing(uploadId: bigint, after: number): Promise<readonly number[]> {
    const { rows } = await this.pool.query<{ number: number }>(
      `SELECT number FROM upload_file WHERE upload_id = $1 AND number > $2 AND proven_at IS NULL ORDER BY number LIMIT ${page}`,
      [uploadId, after],
    );
    return rows.map(({ number }) => number);
  }

  async proven(uploadId: bigint, number: number): Promise<void> {
    await this.pool.query('UPDATE upload_file SET proven_at = now() WHERE upload_id = $1 AND number = $2', [
      uploadId,
      number,
    ]);
  }

  /** All files, by number, in batches. */
  async *batches(uploadId: bigint): AsyncGenerator<readonly UploadFile[]> {
    for (let after = -1; ;) {
      const { rows } = await this.pool.query<UploadFile>(
        `SELECT ${columns} FROM upload_file WHERE upload_id = $1 AND number > $2 ORDER BY number LIMIT ${page}`,
        [uploadId, after],
      );
      const last = rows.at(-1);
      if (!last) return;
      yield rows;
      after = last.number;
    }
  }

  /** What OMERO was proven to have of an order, by path, in batches: with the content that was hashed in the buffer. */
  async *inOmero(orderId: bigint): AsyncGenerator<readonly ProvenFile[]> {
    for (let after = Buffer.alloc(0), isFirst = true; ; isFirst = false) {
      const { rows } = await this.pool.query<ProvenFile>(
        `SELECT path, size, digests->>'SHA-256' AS sha256 FROM import_file
         WHERE order_id = $1 AND (path > $2 OR $3) AND proven_at IS NOT NULL AND digests->>'SHA-256' IS NOT NULL
         ORDER BY path LIMIT ${page}`,
        [orderId, after, isFirst],
      );
      const last = rows.at(-1);
      if (!last) return;
      yield rows;
      after = last.path as Buffer<ArrayBuffer>;
    }
  }
}
