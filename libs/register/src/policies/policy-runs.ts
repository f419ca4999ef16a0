import type pg from 'pg';

/** An evaluation of one rule, or of all. */
export interface PolicyRun {
  readonly id: bigint;
  /** Null: all rules. */
  readonly policy: string | null;
  readonly askedAt: Date;
  readonly askedBy: string;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly failed: string | null;
  readonly report: Readonly<Record<string, unknown>> | null;
}

/** Evaluations of policies, requested by a person or by the clock, and what each did. */
export class PolicyRuns {
  constructor(private readonly pool: pg.Pool) {}

  async ask(policy: string | null, by: string): Promise<bigint> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      'INSERT INTO policy_run (policy, asked_by) VALUES ($1, $2) RETURNING id',
      [policy, by],
    );
    return (rows[0] as { id: bigint }).id;
  }

  /** Requests an evaluation of all rules if the last one was requested so many days ago or more. */
  async askIfDue(everyDays: number, by: string): Promise<void> {
    await this.pool.query(
      `INSERT INTO policy_run (asked_by) SELECT $2
       WHERE NOT EXISTS (SELECT FROM policy_run WHERE policy IS NULL AND asked_at > now() - $1 * interval '1 day')`,
      [everyDays, by],
    );
  }

  /** The oldest one that is not finished: one that died is started again. */
  async begin(): Promise<{ readonly id: bigint; readonly policy: string | null } | undefined> {
    const { rows } = await this.pool.query<{ id: bigint; policy: string | null }>(
      `UPDATE policy_run SET started_at = now() WHERE id = (SELECT min(id) FROM policy_run WHERE finished_at IS NULL) RETURNING id, policy`,
    );
    return rows[0];
  }

  async finish(id: bigint, report: Readonly<Record<string, unknown>> | null, failed: string | null): Promise<void> {
    await this.pool.query('UPDATE policy_run SET finished_at = now(), report = $2, failed = $3 WHERE id = $1', [
      id,
      report ? JSON.stringify(report) : null,
      failed,
    ]);
  }

  async get(id: bigint): Promise<PolicyRun | undefined> {
    return (await this.select('id = $1', id))[0];
  }

  /** The newest finished one. */
  async last(): Promise<PolicyRun | undefined> {
    return (await this.select('finished_at IS NOT NULL AND $1::int IS NOT NULL ORDER BY id DESC LIMIT 1', 1))[0];
  }

  private async select(condition: string, value: unknown): Promise<readonly PolicyRun[]> {
    const { rows } = await this.pool.query<PolicyRun>(
      `SELECT id, policy, asked_at AS "askedAt", asked_by AS "askedBy", started_at AS "startedAt", finished_at AS "finishedAt", failed, report
       FROM policy_run WHERE ${condition}`,
      [value],
    );
    return rows;
  }
}
