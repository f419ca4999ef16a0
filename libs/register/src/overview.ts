import type pg from 'pg';
import type { FileState, WorkState } from '@coldroom/domain';

export interface StageProgress {
  readonly state: WorkState | 'done';
  readonly bags: number;
  readonly files: number;
  readonly bytes: bigint;
  /** Bytes that running workers have done of these. */
  readonly doneBytes: bigint;
  readonly claimed: number;
}

export interface FileListing {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly bag: string | null;
  readonly fileset: string;
  readonly root: string;
  readonly path: string;
  readonly size: bigint;
  readonly state: FileState;
  readonly stuckFrom: FileState | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly digests: Readonly<Record<string, string>>;
  readonly copyRead: string | null;
  readonly linkedAt: Date | null;
}

export interface EventListing {
  readonly at: Date;
  readonly actor: string;
  readonly requestId: bigint | null;
  readonly bagId: bigint | null;
  readonly fileId: bigint | null;
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly code: string | null;
  readonly detail: unknown;
}

export interface FileFilter {
  readonly requestId?: bigint;
  readonly states?: readonly FileState[];
  readonly code?: string;
  readonly fileset?: string;
  /** Files with a larger id only: pages a long list. */
  readonly after?: bigint;
  readonly limit?: number;
}

/** What people and metrics look at. Reads only. */
export class Overview {
  constructor(private readonly pool: pg.Pool) {}

  /** Cheap enough to ask every second: counted from bags, not from files. */
  async progress(requestId?: bigint): Promise<readonly StageProgress[]> {
    const { rows } = await this.pool.query(
      `SELECT state, count(*)::int AS bags, sum(files)::int AS files, sum(bytes)::bigint AS bytes, count(*) FILTER (WHERE lease_until > now())::int AS claimed,
         coalesce(sum(least(done_bytes, bytes)) FILTER (WHERE lease_until > now()), 0)::bigint AS done
       FROM bag WHERE $1::bigint IS NULL OR request_id = $1 GROUP BY state`, [requestId ?? null]);
    return rows.map((row) => ({ state: row.state, bags: row.bags, files: row.files, bytes: row.bytes, claimed: row.claimed, doneBytes: row.done }));
  }

  /** Files and bytes by state, and by code where they are stuck or skipped. */
  async counts(requestId?: bigint): Promise<readonly { state: FileState; code: string | null; files: number; bytes: bigint }[]> {
    const { rows } = await this.pool.query(
      `SELECT state, code, count(*)::int AS files, sum(size)::bigint AS bytes FROM file
       WHERE $1::bigint IS NULL OR request_id = $1 GROUP BY state, code ORDER BY state, code`, [requestId ?? null]);
    return rows;
  }

  async files(filter: FileFilter): Promise<readonly FileListing[]> {
    const { rows } = await this.pool.query(
      `SELECT f.*, b.name AS bag FROM file f LEFT JOIN bag b ON b.id = f.bag_id
       WHERE ($1::bigint IS NULL OR f.request_id = $1) AND ($2::text[] IS NULL OR f.state = ANY($2)) AND ($3::text IS NULL OR f.code = $3)
         AND ($4::text IS NULL OR f.fileset = $4) AND f.id > $5 ORDER BY f.id LIMIT $6`,
      [filter.requestId ?? null, filter.states ?? null, filter.code ?? null, filter.fileset ?? null, filter.after ?? 0n, filter.limit ?? 100]);
    return rows.map(toListing);
  }

  async file(id: bigint): Promise<FileListing | undefined> {
    const { rows } = await this.pool.query('SELECT f.*, b.name AS bag FROM file f LEFT JOIN bag b ON b.id = f.bag_id WHERE f.id = $1', [id]);
    return rows.map(toListing)[0];
  }

  /** The newest events of a request, bag or file first. A file's events include those of its bag. */
  async events(of: { requestId?: bigint; fileId?: bigint }, limit = 50): Promise<readonly EventListing[]> {
    const { rows } = await this.pool.query(
      `SELECT * FROM event WHERE ($1::bigint IS NULL OR request_id = $1)
         AND ($2::bigint IS NULL OR file_id = $2 OR (file_id IS NULL AND bag_id = (SELECT bag_id FROM file WHERE id = $2)))
       ORDER BY id DESC LIMIT $3`, [of.requestId ?? null, of.fileId ?? null, limit]);
    return rows.map((row) => ({
      at: row.at, actor: row.actor, requestId: row.request_id, bagId: row.bag_id, fileId: row.file_id,
      what: row.what, from: row.from_state, to: row.to_state, code: row.code, detail: row.detail,
    }));
  }

  /** The server's clock, to compare with ours. */
  async clock(): Promise<Date> {
    const { rows } = await this.pool.query<{ now: Date }>('SELECT now()');
    return (rows[0] as { now: Date }).now;
  }
}

function toListing(row: pg.QueryResultRow): FileListing {
  return {
    id: row.id, requestId: row.request_id, bag: row.bag, fileset: row.fileset, root: row.root, path: row.display, size: row.size,
    state: row.state, stuckFrom: row.stuck_from, code: row.code, reason: row.reason, digests: row.digests, copyRead: row.copy_read, linkedAt: row.linked_at,
  };
}
