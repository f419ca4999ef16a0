import type pg from 'pg';
import type { RequestState, WorkState } from '@coldroom/domain';
import { pendingMigrations, refuseNewer } from '../db/pending-migrations';
import type { Target } from '../operator/targets';
import {
  toEvent,
  toListing,
  type EventListing,
  type FileFilter,
  type FileListing,
  type ImageListing,
  type SelectedFiles,
  type SelectedWith,
  type StageProgress,
  type StuckFile,
} from './listings';
import { eventsOfFile, fileRecord, type FileRecord } from './file-record';
import { listFiles } from './list-files';
import { selectedFiles, unknownIn } from './selected';
import { archivedOfRunning, stageTimes, type Amount, type StageTime } from './stage-times';
import { bagsBehindStuck, stuckByCode, stuckFiles } from './stuck';
import { totalsByState, type StateTotal } from './totals';

/** Reads for people and metrics. Changes nothing. */
export class Reports {
  constructor(private readonly pool: pg.Pool) {}

  /** Cheap enough to call every second: counted from bags, not from files. */
  async progress(requestId?: bigint): Promise<readonly StageProgress[]> {
    const { rows } = await this.pool.query(
      `SELECT state, count(*)::int AS bags, sum(files)::int AS files, sum(bytes)::bigint AS bytes, count(*) FILTER (WHERE lease_until > now())::int AS claimed,
         coalesce(sum(least(done_bytes, bytes)) FILTER (WHERE lease_until > now()), 0)::bigint AS done
       FROM bag WHERE $1::bigint IS NULL OR request_id = $1 GROUP BY state`,
      [requestId ?? null],
    );
    return rows.map((row) => ({
      state: row.state,
      bags: row.bags,
      files: row.files,
      bytes: row.bytes,
      claimed: row.claimed,
      doneBytes: row.done,
    }));
  }

  /**
   * How long the stages that take these states worked on their last bags; see `stageTimes`. Cheap enough to call every
   * second.
   */
  async stageTimes(states: readonly WorkState[]): Promise<readonly StageTime[]> {
    return stageTimes(this.pool, states);
  }

  /** What is already archived of the requests that are still being archived; see `archivedOfRunning`. */
  async archivedOfRunning(requestId?: bigint): Promise<Amount> {
    return archivedOfRunning(this.pool, requestId);
  }

  /** Files and bytes by state, and by code if they are stuck or skipped. */
  async counts(requestId?: bigint): Promise<readonly StateTotal[]> {
    return totalsByState(this.pool, requestId);
  }

  /** By request and number, or by path where one is given; see `listFiles`. */
  async files(filter: FileFilter): Promise<readonly FileListing[]> {
    return listFiles(this.pool, filter);
  }

  async file(id: bigint): Promise<FileListing | undefined> {
    const { rows } = await this.pool.query(
      'SELECT f.*, b.name AS bag, b.store FROM file f LEFT JOIN bag b ON b.id = f.bag_id WHERE f.id = $1',
      [id],
    );
    return rows.map(toListing)[0];
  }

  /** With its copies, its hold and its retrieval. */
  async fileRecord(id: bigint): Promise<FileRecord | undefined> {
    return fileRecord(this.pool, id);
  }

  /** The images of a request, by id. */
  async images(requestId: bigint, only: { marked?: boolean } = {}, limit = 100): Promise<readonly ImageListing[]> {
    const marks = only.marked === undefined ? '' : only.marked ? 'AND marked' : 'AND NOT marked';
    const { rows } = await this.pool.query(
      `SELECT image_id, name, fileset, marked FROM request_image
       WHERE request_id = $1 ${marks} ORDER BY image_id LIMIT $2`,
      [requestId, limit],
    );
    return rows.map((row) => ({ imageId: row.image_id, name: row.name, fileset: row.fileset, marked: row.marked }));
  }

  /** How many requests are in each state. */
  async requestStates(requestId?: bigint): Promise<readonly { state: RequestState; requests: number }[]> {
    const { rows } = await this.pool.query(
      'SELECT state, count(*)::int AS requests FROM request WHERE $1::bigint IS NULL OR id = $1 GROUP BY state',
      [requestId ?? null],
    );
    return rows;
  }

  /** Stuck files by code. */
  async stuck(requestId?: bigint): Promise<readonly { code: string; files: number; bytes: bigint }[]> {
    return stuckByCode(this.pool, requestId);
  }

  /** The first stuck files of each code, by request and number. */
  async stuckFiles(requestId?: bigint, perCode = 100): Promise<readonly StuckFile[]> {
    return stuckFiles(this.pool, requestId, perCode);
  }

  /**
   * Why bags wait for another turn, as reported by the stage that gave them back. `since`: the longest of these waits;
   * null for one without a deadline.
   */
  async waiting(): Promise<
    readonly { reason: string; bags: number; files: number; until: Date; since: Date | null }[]
  > {
    const { rows } = await this.pool.query(
      `SELECT note AS reason, count(*)::int AS bags, sum(files)::int AS files, min(not_before) AS until, min(waiting_since) AS since FROM bag
       WHERE state <> 'done' AND note IS NOT NULL GROUP BY note ORDER BY bags DESC LIMIT 20`,
    );
    return rows;
  }

  /** Bags in which every durable file waits for a stuck file of its fileset: only a person can resolve this. */
  async bagsBehindStuck(requestId?: bigint): Promise<number> {
    return bagsBehindStuck(this.pool, requestId);
  }

  /** What a command on this target would affect; see `OperatorActions` for the effects. */
  async selected(target: Target, including: SelectedWith): Promise<readonly SelectedFiles[]> {
    return selectedFiles(this.pool, target, including);
  }

  /** The ids or names of the target that the register does not know. */
  async unknown(target: Target): Promise<readonly string[]> {
    return unknownIn(this.pool, target);
  }

  /** When a scan was started, and how many older ones are unfinished. */
  async scanStart(scanId: bigint): Promise<{ startedAt: Date | null; ahead: number } | undefined> {
    const { rows } = await this.pool.query(
      `SELECT started_at, (SELECT count(*)::int FROM scan older WHERE older.id < scan.id AND older.finished_at IS NULL) AS ahead
       FROM scan WHERE id = $1`,
      [scanId],
    );
    return rows.map((row) => ({ startedAt: row.started_at, ahead: row.ahead }))[0];
  }

  /** The version of PostgreSQL. */
  async serverVersion(): Promise<string> {
    const { rows } = await this.pool.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  }

  /** This version's migrations that the register lacks, in order; all of them if it is empty. */
  /** `Refused` `REGISTER_NEWER` if a newer version has migrated the register. */
  async refuseNewer(): Promise<void> {
    await refuseNewer(this.pool);
  }

  async pendingMigrations(): Promise<readonly string[]> {
    return pendingMigrations(this.pool);
  }

  /**
   * The newest events of a request or of a file, newest first; those of a request before an event, for paging. A file's events include those of its bag and of its
   * request as a whole.
   */
  async events(
    of: { requestId?: bigint; fileId?: bigint; before?: bigint | undefined },
    limit = 50,
  ): Promise<readonly EventListing[]> {
    if (of.fileId !== undefined) return eventsOfFile(this.pool, of.fileId, limit);
    const { rows } = await this.pool.query(
      'SELECT * FROM event WHERE ($1::bigint IS NULL OR request_id = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3',
      [of.requestId ?? null, of.before ?? null, limit],
    );
    return rows.map(toEvent);
  }

  /**
   * A number for each of these requests, or for all if undefined, that grows with every event and every revision: while
   * it is the same, nothing has changed. A New request that grows has another revision, but no event.
   */
  async versions(requestIds: readonly (bigint | undefined)[]): Promise<ReadonlyMap<bigint | undefined, bigint>> {
    const { rows } = await this.pool.query<{ id: bigint | null; version: bigint }>(
      `SELECT wanted.id, coalesce(CASE WHEN wanted.id IS NULL THEN (SELECT max(id) FROM event)
         ELSE (SELECT max(e.id) FROM event e WHERE e.request_id = wanted.id) END, 0)
         + coalesce((SELECT revision FROM request r WHERE r.id = wanted.id), 0) AS version
       FROM unnest($1::bigint[]) AS wanted(id)`,
      [requestIds.map((id) => id ?? null)],
    );
    return new Map(rows.map(({ id, version }) => [id ?? undefined, version]));
  }

  /** The server's clock, for comparison with this machine's. */
  async clock(): Promise<Date> {
    const { rows } = await this.pool.query<{ now: Date }>('SELECT now()');
    return (rows[0] as { now: Date }).now;
  }
}
