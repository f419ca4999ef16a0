import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotYet, Transient } from '@coldroom/domain';
import { transaction } from '../db/connection';

/** How old an answer may be before the switches are read again, in milliseconds. */
const freshMs = 200;
/** An answer that took longer than this says nothing about the present. */
const staleMs = 500;

export interface Switch {
  readonly name: string;
  readonly stopped: boolean;
  readonly reason: string | null;
  readonly changedBy: string | null;
  readonly changedAt: Date;
  readonly failures: number;
}

/**
 * Stops by a person (`all`) or by a breaker (`stage:<name>`, `store:<name>`). A stopped stage or store takes no new
 * work; linking continues only if nothing at all is stopped.
 */
export class Switches {
  private seen: { readonly ageMs: () => number; readonly list: Promise<readonly Switch[]> } | undefined;

  constructor(private readonly pool: pg.Pool) {}

  /**
   * Throws `NotYet` `STOPPED` if anything at all is stopped. Must be called immediately before each original is
   * replaced: the answer it uses is never older than 0.5 s when it returns. `Transient` `REGISTER_SLOW` if the register
   * does not answer within that time.
   */
  async refuseWhereStopped(): Promise<void> {
    for (let tries = 0; tries < 5; tries += 1) {
      if (!this.seen || this.seen.ageMs() > freshMs) this.seen = { ageMs: stopwatch(), list: this.list() };
      const { ageMs, list } = this.seen;
      const stopped = (await list).find((one) => one.stopped);
      if (stopped)
        throw new NotYet(
          'STOPPED',
          `${stopped.name} is stopped (${stopped.reason ?? 'no reason given'}); "coldroom resume" resumes it`,
          { noDeadline: true },
        );
      if (ageMs() <= staleMs) return;
    }
    throw new Transient('REGISTER_SLOW', 'the register takes too long to say whether linking is stopped');
  }

  async list(): Promise<readonly Switch[]> {
    const { rows } = await this.pool.query('SELECT * FROM switch ORDER BY name');
    return rows.map((row) => ({
      name: row.name,
      stopped: row.stopped,
      reason: row.reason,
      changedBy: row.changed_by,
      changedAt: row.changed_at,
      failures: row.failures,
    }));
  }

  /** When it returns, no linker uses an older answer: not one more original is replaced. */
  async stop(name: string, reason: string, by: string): Promise<void> {
    await this.set(name, true, reason, by);
    await sleep(staleMs + 100);
  }

  /**
   * Resumes a stopped part and forgets its failures; without a name, all parts. Returns those that were stopped.
   * @param seenUntil what was stopped after this time stays stopped
   */
  async resume(name: string | undefined, by: string, seenUntil?: Date): Promise<readonly string[]> {
    return transaction(this.pool, async (client) => {
      const { rows } = await client.query<{ name: string; stopped: boolean }>(
        `UPDATE switch s SET stopped = false, failures = 0, window_started = now(), changed_by = $2, changed_at = now()
         FROM (SELECT * FROM switch WHERE ($1::text IS NULL OR name = $1) AND (stopped OR failures > 0)
           AND ($3::timestamptz IS NULL OR date_trunc('milliseconds', changed_at) <= $3) ORDER BY name FOR UPDATE) old
         WHERE old.name = s.name RETURNING s.name, old.stopped`,
        [name ?? null, by, seenUntil ?? null],
      );
      const resumed = rows.filter((row) => row.stopped).map((row) => row.name);
      await client.query(
        `INSERT INTO event (actor, what, detail) VALUES ($1, 'resume', jsonb_build_object('switches', $2::text[]))`,
        [by, resumed],
      );
      return resumed;
    });
  }

  private async set(name: string, stopped: boolean, reason: string, by: string): Promise<void> {
    await transaction(this.pool, async (client) => {
      await client.query(
        `INSERT INTO switch (name, stopped, reason, changed_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET stopped = $2, reason = $3, changed_by = $4, changed_at = now()`,
        [name, stopped, reason, by],
      );
      await client.query(
        `INSERT INTO event (actor, what, detail) VALUES ($1, 'stop', jsonb_build_object('switch', $2::text, 'reason', $3::text))`,
        [by, name, reason],
      );
    });
  }
}

/**
 * Counts failures within the current hour; the failure that exceeds the limit stops the part until a person resumes it.
 */
export async function countFailures(
  client: pg.ClientBase,
  names: readonly string[],
  failures: number,
  limit: number,
  what = 'files',
): Promise<void> {
  await client.query(
    `INSERT INTO switch AS s (name, failures) SELECT name, $2 FROM unnest($1::text[]) AS name ORDER BY name
     ON CONFLICT (name) DO UPDATE SET
       failures = CASE WHEN s.window_started < now() - interval '1 hour' THEN 0 ELSE s.failures END + excluded.failures,
       window_started = CASE WHEN s.window_started < now() - interval '1 hour' THEN now() ELSE s.window_started END`,
    [names, failures],
  );
  const { rows } = await client.query<{ name: string; reason: string }>(
    `UPDATE switch SET stopped = true, changed_by = 'breaker', changed_at = now(),
       reason = failures || ' ' || $3 || ' failed within an hour; the limit is ' || $2::int
     WHERE name = ANY($1) AND NOT stopped AND failures > $2 RETURNING name, reason`,
    [names, limit, what],
  );
  for (const row of rows) {
    await client.query(
      `INSERT INTO event (actor, what, detail) VALUES ('breaker', 'stop', jsonb_build_object('switch', $1::text, 'reason', $2::text))`,
      [row.name, row.reason],
    );
  }
}

/**
 * Milliseconds since it was created. Time during which the machine was suspended counts; only the time of day includes
 * it.
 */
function stopwatch(): () => number {
  const [start, timeOfDay] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - start, Date.now() - timeOfDay);
}
