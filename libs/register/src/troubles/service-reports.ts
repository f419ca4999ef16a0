import type pg from 'pg';

export interface ServiceReport {
  readonly service: string;
  readonly reportedAt: Date;
  /** Null if it has only reported steps of its work, or before this was recorded. */
  readonly version: string | null;
}

const columns = 'service, reported_at AS "reportedAt", version';

/** Names of sessions that are not a service's. */
const commands = ['coldroom cli', 'coldroom drill'];

/** Signs of life of the services. One that has several processes reports as long as one of them does. */
export class ServiceReports {
  private readonly reportedAt = new Map<string, number>();

  constructor(private readonly pool: pg.Pool) {}

  /** The service works, and will report again within this time. Returns what `ended` needs. */
  async report(service: string, againWithinMs: number, version: string | null = null): Promise<string> {
    const { rows } = await this.pool.query<{ at: string }>(
      `INSERT INTO service_report AS r (service, next_at, version) VALUES ($1, now() + $2 * interval '1 ms', $3)
       ON CONFLICT (service) DO UPDATE
       SET reported_at = now(), next_at = excluded.next_at, version = coalesce(excluded.version, r.version)
       RETURNING r.reported_at::text AS at`,
      [service, againWithinMs, version],
    );
    return (rows[0] as { at: string }).at;
  }

  /**
   * A process of the service ended because its work is done: no one waits for its next report. Has no effect if another
   * process reported after its `last` one, as that one will go on.
   */
  async ended(service: string, last: string): Promise<void> {
    await this.pool.query(
      `UPDATE service_report SET next_at = 'infinity' WHERE service = $1 AND reported_at = $2::timestamptz`,
      [service, last],
    );
  }

  /**
   * The service has just got on with its work. May be called at each step: only one call a minute reports. A service that
   * hangs does not get to its next call.
   */
  async advanced(service: string, atMostEveryMs = 60_000): Promise<void> {
    const now = performance.now();
    if (now - (this.reportedAt.get(service) ?? -Infinity) < atMostEveryMs) return;
    await this.report(service, atMostEveryMs);
    this.reportedAt.set(service, now);
  }

  /** Every service that ever reported, by name. */
  async list(): Promise<readonly ServiceReport[]> {
    const { rows } = await this.pool.query<ServiceReport>(`SELECT ${columns} FROM service_report ORDER BY service`);
    return rows;
  }

  /**
   * Services that work with this register: those with a session in its database, and those that have just reported and
   * did not end. Reports alone would not do: in a register that was restored from a dump they are as old as the dump.
   */
  async working(): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ service: string }>(
      `SELECT service FROM service_report WHERE reported_at > now() - interval '2 minutes' AND isfinite(next_at)
       UNION SELECT substr(application_name, length('coldroom ') + 1) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'coldroom %' AND application_name <> ALL($1)
       ORDER BY 1`,
      [commands],
    );
    return rows.map(({ service }) => service);
  }

  /** Services whose next report is late by more than this. */
  async silent(lateMs: number): Promise<readonly ServiceReport[]> {
    const { rows } = await this.pool.query<ServiceReport>(
      `SELECT ${columns} FROM service_report
       WHERE next_at + $1 * interval '1 ms' < now() ORDER BY service`,
      [lateMs],
    );
    return rows;
  }
}
