import type pg from 'pg';

export interface Scan {
  readonly id: bigint;
  readonly askedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly failed: string | null;
  readonly report: Readonly<Record<string, unknown>> | null;
}

/** The task that a scanner runs with `alone`: while it is held, a scanner is running. */
export const scannerTask = 'scanner';

/** Scans, requested by a person or by the clock, and their reports. */
export class Scans {
  constructor(private readonly pool: pg.Pool) {}

  async ask(by: string): Promise<bigint> {
    const { rows } = await this.pool.query<{ id: bigint }>('INSERT INTO scan (asked_by) VALUES ($1) RETURNING id', [
      by,
    ]);
    return (rows[0] as { id: bigint }).id;
  }

  /** The oldest scan that is requested and not finished: a scan that died is started again. */
  async begin(): Promise<bigint | undefined> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `UPDATE scan SET started_at = now() WHERE id = (SELECT min(id) FROM scan WHERE finished_at IS NULL) RETURNING id`,
    );
    return rows[0]?.id;
  }

  async finish(id: bigint, report: Readonly<Record<string, unknown>> | null, failed: string | null): Promise<void> {
    await this.pool.query('UPDATE scan SET finished_at = now(), report = $2, failed = $3 WHERE id = $1', [
      id,
      report ? JSON.stringify(report) : null,
      failed,
    ]);
  }

  /** Whether one has begun and not ended: the requests that it makes may not be complete. */
  async isUnderWay(): Promise<boolean> {
    return (
      (await this.select('finished_at IS NULL AND started_at IS NOT NULL AND $1::int IS NOT NULL LIMIT 1', 1)).length >
      0
    );
  }

  async get(id: bigint): Promise<Scan | undefined> {
    return (await this.select('id = $1', id))[0];
  }

  /** The newest finished scan. */
  async last(): Promise<Scan | undefined> {
    return (await this.select('finished_at IS NOT NULL AND $1::int IS NOT NULL ORDER BY id DESC LIMIT 1', 1))[0];
  }

  private async select(condition: string, value: unknown): Promise<readonly Scan[]> {
    const { rows } = await this.pool.query(`SELECT * FROM scan WHERE ${condition}`, [value]);
    return rows.map((row) => ({
      id: row.id,
      askedAt: row.asked_at,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      failed: row.failed,
      report: row.report,
    }));
  }
}
