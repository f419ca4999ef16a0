import type pg from 'pg';

export interface BackupOf {
  readonly kind: 'backup' | 'drill';
  readonly database: 'register' | 'omero';
  readonly place: 'directory' | 'bucket';
  /** Where that is, for people. */
  readonly shown: string;
}

export interface BackupRun extends BackupOf {
  readonly id: bigint;
  readonly startedAt: Date;
  /** Null while it runs. */
  readonly finishedAt: Date | null;
  readonly startedBy: string;
  readonly name: string | null;
  readonly bytes: bigint | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly report: Readonly<Record<string, unknown>> | null;
}

/** How the backup of a database to a place is. */
export interface BackupState extends BackupOf {
  /** The last dump that is whole; null if there never was one. */
  readonly succeededAt: Date | null;
  readonly name: string | null;
  readonly bytes: bigint | null;
  /** Runs that failed since then, without those that were ended from outside. */
  readonly failures: number;
  /** Of the last run, if it failed. */
  readonly code: string | null;
  readonly reason: string | null;
}

const columns = `id, kind, database, place, shown, started_at AS "startedAt", finished_at AS "finishedAt", started_by AS "startedBy",
  name, bytes, code, reason, report`;
const keptDays = 100;

/** The history of backups and drills. */
export class BackupRuns {
  constructor(private readonly pool: pg.Pool) {}

  /** Also forgets old runs, and ends those that were killed: the caller makes sure that no other one is running. */
  async begin({ kind, database, place, shown }: BackupOf, by: string): Promise<bigint> {
    await this.pool.query(
      `UPDATE backup_run SET finished_at = now(), code = 'BACKUP_INTERRUPTED', reason = 'The run ended without a result: it was killed, or its machine stopped'
       WHERE kind = $1 AND database = $2 AND place = $3 AND finished_at IS NULL`,
      [kind, database, place],
    );
    await this.pool.query(
      `DELETE FROM backup_run r WHERE started_at < now() - $1 * interval '1 day' AND id NOT IN (
         SELECT max(id) FROM backup_run WHERE finished_at IS NOT NULL AND code IS NULL GROUP BY kind, database, place)`,
      [keptDays],
    );
    const { rows } = await this.pool.query<{ id: bigint }>(
      'INSERT INTO backup_run (kind, database, place, shown, started_by) VALUES ($1, $2, $3, $4, $5) RETURNING id',
      [kind, database, place, shown, by],
    );
    return (rows[0] as { id: bigint }).id;
  }

  async finish(
    id: bigint,
    {
      name,
      bytes,
      sha256,
      report,
    }: {
      readonly name: string;
      readonly bytes: bigint;
      readonly sha256?: string;
      readonly report?: Readonly<Record<string, unknown>>;
    },
  ): Promise<void> {
    await this.pool.query(
      'UPDATE backup_run SET finished_at = now(), name = $2, bytes = $3, sha256 = $4, report = $5 WHERE id = $1',
      [id, name, bytes, sha256 ?? null, report === undefined ? null : JSON.stringify(report)],
    );
  }

  async fail(id: bigint, { code, reason }: { readonly code: string; readonly reason: string }): Promise<void> {
    await this.pool.query('UPDATE backup_run SET finished_at = now(), code = $2, reason = $3 WHERE id = $1', [
      id,
      code,
      reason,
    ]);
  }

  /** The newest first. */
  async list(limit: number, kind: BackupOf['kind'] = 'backup'): Promise<readonly BackupRun[]> {
    const { rows } = await this.pool.query<BackupRun>(
      `SELECT ${columns} FROM backup_run WHERE kind = $2 ORDER BY id DESC LIMIT $1`,
      [limit, kind],
    );
    return rows;
  }

  /** Of each database and place that the last runs had; one that is no longer set up is left out after a day. */
  async states(kind: BackupOf['kind'] = 'backup'): Promise<readonly BackupState[]> {
    const { rows } = await this.pool.query<BackupState>(
      `SELECT last.kind, last.database, last.place, last.shown, good.finished_at AS "succeededAt", good.name, good.bytes,
         (SELECT count(*)::int FROM backup_run f WHERE f.kind = $1 AND f.database = last.database AND f.place = last.place
            AND f.code NOT IN ('BACKUP_STOPPED', 'BACKUP_INTERRUPTED') AND f.id > coalesce(good.id, 0)) AS failures, last.code, last.reason
       FROM (SELECT DISTINCT ON (database, place) * FROM backup_run WHERE kind = $1 AND finished_at IS NOT NULL
             ORDER BY database, place, id DESC) AS last
       LEFT JOIN LATERAL (SELECT * FROM backup_run g WHERE g.kind = $1 AND g.database = last.database AND g.place = last.place
             AND g.finished_at IS NOT NULL AND g.code IS NULL ORDER BY g.id DESC LIMIT 1) AS good ON true
       WHERE last.started_at > (SELECT max(started_at) FROM backup_run WHERE kind = $1) - interval '1 day'
       ORDER BY last.database DESC, last.place DESC`,
      [kind],
    );
    return rows;
  }

  /** When the last run began, whatever became of it. */
  async lastBegun(kind: BackupOf['kind']): Promise<Date | undefined> {
    const { rows } = await this.pool.query<{ at: Date | null }>(
      'SELECT max(started_at) AS at FROM backup_run WHERE kind = $1',
      [kind],
    );
    return rows[0]?.at ?? undefined;
  }
}
