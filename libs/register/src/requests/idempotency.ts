import type pg from 'pg';
import { crashPoint } from '@coldroom/domain';

/** A request that a program may send again, as it did not see the answer. */
export interface Repeatable {
  readonly actor: string;
  /** Chosen by the program. */
  readonly key: string;
  readonly fingerprint: Buffer;
}

export type Once<Answer> =
  | { readonly kind: 'done'; readonly answer: Answer; readonly isRepeated: boolean }
  /** The same request is being worked on. */
  | { readonly kind: 'running' }
  /** The key belongs to another request. */
  | { readonly kind: 'other' };

const keptFor = '24 hours';
const leaseMs = 30_000;

/** Answers of requests that a program repeats with the same key. */
export class Idempotency {
  constructor(
    private readonly pool: pg.Pool,
    private readonly lease = leaseMs,
  ) {}

  /**
   * Does the work unless it was done under this key within a day; then returns the first answer. A key whose work fails
   * is free again. If the process dies between the work and its answer, or the answer cannot be kept, the work is done
   * again after the lease: it must find by itself what it has already done.
   */
  async once<Answer>(request: Repeatable, work: () => Promise<Answer>): Promise<Once<Answer>> {
    await this.query(`DELETE FROM idempotency WHERE created_at < now() - interval '${keptFor}'`, []);
    if (!(await this.begin(request))) return this.before(request);
    crashPoint('order:1-key-recorded');
    const prolonging = setInterval(() => void this.prolong(request).catch(() => undefined), this.lease / 3);
    try {
      const answer = await work().catch(async (error: unknown) => {
        await this.release(request);
        throw error;
      });
      crashPoint('order:2-carried-out');
      await this.query('UPDATE idempotency SET answer = $3 WHERE actor = $1 AND key = $2', [
        request.actor,
        request.key,
        JSON.stringify(answer),
      ]);
      crashPoint('order:3-answer-recorded');
      return { kind: 'done', answer, isRepeated: false };
    } finally {
      clearInterval(prolonging);
    }
  }

  private async begin({ actor, key, fingerprint }: Repeatable): Promise<boolean> {
    const { rowCount } = await this.query(
      `INSERT INTO idempotency AS i (actor, key, fingerprint, running_until)
       VALUES ($1, $2, $3, now() + $4 * interval '1 ms')
       ON CONFLICT (actor, key) DO UPDATE SET running_until = EXCLUDED.running_until
         WHERE i.fingerprint = $3 AND i.answer IS NULL AND i.running_until < now()`,
      [actor, key, fingerprint, this.lease],
    );
    return rowCount === 1;
  }

  private async release({ actor, key }: Repeatable): Promise<void> {
    await this.query('DELETE FROM idempotency WHERE actor = $1 AND key = $2 AND answer IS NULL', [actor, key]).catch(
      () => undefined, // what failed first is what the caller has to know; the lease frees the key
    );
  }

  private async before<Answer>({ actor, key, fingerprint }: Repeatable): Promise<Once<Answer>> {
    const { rows } = await this.query(
      'SELECT fingerprint = $3 AS same, answer FROM idempotency WHERE actor = $1 AND key = $2',
      [actor, key, fingerprint],
    );
    const [found] = rows as { same: boolean; answer: Answer | null }[];
    if (found && !found.same) return { kind: 'other' };
    return found?.answer ? { kind: 'done', answer: found.answer, isRepeated: true } : { kind: 'running' };
  }

  private async prolong({ actor, key }: Repeatable): Promise<void> {
    await this.query(
      `UPDATE idempotency SET running_until = now() + $3 * interval '1 ms' WHERE actor = $1 AND key = $2 AND answer IS NULL`,
      [actor, key, this.lease],
    );
  }

  private async query(sql: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    return this.pool.query(sql, [...values]);
  }
}
