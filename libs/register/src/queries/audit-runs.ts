import type pg from 'pg';

/** What a run of an audit looked at and found. */
export interface AuditResult {
  /** Numbers of files, images, bags etc. */
  readonly looked: Readonly<Record<string, number>>;
  readonly findings: readonly { readonly code: string; readonly total: number; readonly repaired: number }[];
  /** Parts about which nothing is known; `things` is null for a whole part. */
  readonly notLooked: readonly { readonly part: string; readonly reason: string; readonly things: number | null }[];
}

export interface AuditRun extends AuditResult {
  readonly id: bigint;
  readonly startedAt: Date;
  /** Null while it runs, and for a run that was interrupted. */
  readonly finishedAt: Date | null;
  readonly startedBy: string;
  /** Only this store; null for everything. */
  readonly store: string | null;
  readonly fix: boolean;
  readonly failed: string | null;
}

const columns = `id, started_at AS "startedAt", finished_at AS "finishedAt", started_by AS "startedBy", store, fix, failed, looked, findings,
  not_looked AS "notLooked"`;

/** The history of audits. */
export class AuditRuns {
  constructor(private readonly pool: pg.Pool) {}

  async begin({
    by,
    store,
    fix,
  }: {
    readonly by: string;
    readonly store: string | null;
    readonly fix: boolean;
  }): Promise<bigint> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      'INSERT INTO audit_run (started_by, store, fix) VALUES ($1, $2, $3) RETURNING id',
      [by, store, fix],
    );
    return (rows[0] as { id: bigint }).id;
  }

  async finish(id: bigint, { looked, findings, notLooked }: AuditResult): Promise<void> {
    await this.pool.query(
      'UPDATE audit_run SET finished_at = now(), looked = $2, findings = $3, not_looked = $4 WHERE id = $1',
      [id, JSON.stringify(looked), JSON.stringify(findings), JSON.stringify(notLooked)],
    );
  }

  async fail(id: bigint, reason: string): Promise<void> {
    await this.pool.query('UPDATE audit_run SET finished_at = now(), failed = $2 WHERE id = $1', [id, reason]);
  }

  /** The newest first. */
  async list(limit: number): Promise<readonly AuditRun[]> {
    const { rows } = await this.pool.query<AuditRun>(`SELECT ${columns} FROM audit_run ORDER BY id DESC LIMIT $1`, [
      limit,
    ]);
    return rows;
  }

  /** The newest that looked for everything and came to its end. */
  async lastWhole(): Promise<AuditRun | undefined> {
    const { rows } = await this.pool.query<AuditRun>(
      `SELECT ${columns} FROM audit_run WHERE store IS NULL AND failed IS NULL AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1`,
    );
    return rows[0];
  }
}
