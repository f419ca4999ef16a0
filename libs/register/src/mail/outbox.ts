import type pg from 'pg';
import { transaction } from '../db/connection';
import { dropUnused, type Facts } from './new-mail';

export const mailStates = [
  'waiting',
  'sending',
  'handingOver',
  'sent',
  'refused',
  'unsure',
  'gathered',
  'digested',
] as const;
export type MailState = (typeof mailStates)[number];

/** A mail that a notifier may hand over now. The number of the attempt is its fence: a later claim has another one. */
export interface ClaimedMail {
  readonly id: bigint;
  readonly attempt: number;
  readonly reason: string;
  readonly template: string;
  readonly facts: Facts;
  readonly name: string | null;
  readonly address: string;
  readonly messageId: string;
  readonly createdAt: Date;
}

export interface MailListing {
  readonly id: bigint;
  readonly reason: string;
  readonly recipient: string;
  readonly template: string;
  readonly address: string | null;
  readonly state: MailState;
  readonly createdAt: Date;
  readonly notBefore: Date;
  readonly attempts: number;
  readonly code: string | null;
  readonly answer: string | null;
  readonly settledAt: Date | null;
}

export interface Verdict {
  readonly code: string;
  /** What the server answered. */
  readonly answer: string;
}

const columns = `id, reason, recipient, template, address, state, created_at AS "createdAt", not_before AS "notBefore", attempts,
  code, answer, settled_at AS "settledAt"`;

/** The mails to send and those that were sent. Every change of state is one statement that names the attempt. */
export class Outbox {
  constructor(private readonly pool: pg.Pool) {}

  /** Mails that may be sent now, the oldest first. */
  async due(limit = 1000): Promise<readonly bigint[]> {
    const rows = await this.rows<{ id: bigint }>(
      `SELECT id FROM mail WHERE state = 'waiting' AND not_before <= now() ORDER BY not_before, id LIMIT $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Undefined if it is not due, or if another notifier has it. */
  async claim(id: bigint, leaseMs: number): Promise<ClaimedMail | undefined> {
    const rows = await this.rows<ClaimedMail>(
      `UPDATE mail m SET state = 'sending', attempts = attempts + 1, lease_until = now() + $2 * interval '1 ms'
       FROM mail_content c WHERE c.id = m.content_id AND m.id = $1 AND m.state = 'waiting' AND m.not_before <= now()
       RETURNING m.id, attempts AS attempt, reason, template, facts, name, address, message_id AS "messageId", created_at AS "createdAt"`,
      [id, leaseMs],
    );
    return rows[0];
  }

  async renew({ id, attempt }: ClaimedMail, leaseMs: number): Promise<boolean> {
    return this.changed(
      `UPDATE mail SET lease_until = now() + $3 * interval '1 ms'
       WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'handingOver') AND lease_until > now()`,
      [id, attempt, leaseMs],
    );
  }

  /** Must be called before the last byte is sent. False: another notifier has it, nothing more may be sent. */
  async handingOver({ id, attempt }: ClaimedMail): Promise<boolean> {
    return this.changed(
      `UPDATE mail SET state = 'handingOver' WHERE id = $1 AND attempts = $2 AND state = 'sending' AND lease_until > now()`,
      [id, attempt],
    );
  }

  async sent({ id, attempt }: ClaimedMail, answer: string): Promise<boolean> {
    return this.changed(
      `UPDATE mail SET state = 'sent', code = NULL, answer = $3, lease_until = NULL, settled_at = now()
       WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'handingOver', 'unsure')`,
      [id, attempt, answer],
    );
  }

  async postpone({ id, attempt }: ClaimedMail, { code, answer }: Verdict, delayMs: number): Promise<boolean> {
    return this.changed(
      `UPDATE mail SET state = 'waiting', code = $3, answer = $4, lease_until = NULL, settled_at = NULL, not_before = now() + $5 * interval '1 ms'
       WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'handingOver', 'unsure')`,
      [id, attempt, code, answer, delayMs],
    );
  }

  async refuse({ id, attempt }: ClaimedMail, { code, answer }: Verdict): Promise<boolean> {
    return this.changed(
      `UPDATE mail SET state = 'refused', code = $3, answer = $4, lease_until = NULL, settled_at = now()
       WHERE id = $1 AND attempts = $2 AND state IN ('sending', 'handingOver', 'unsure')`,
      [id, attempt, code, answer],
    );
  }

  /**
   * What notifiers that died left behind. A mail whose last byte was not sent is sent again; for any other one it is not
   * known whether the server took it, so it is left to a person. Returns the numbers of both.
   */
  async recover(unsure: Verdict): Promise<{ readonly again: readonly bigint[]; readonly unsure: readonly bigint[] }> {
    const rows = await this.rows<{ id: bigint; state: MailState }>(
      `UPDATE mail SET lease_until = NULL,
         state = CASE state WHEN 'sending' THEN 'waiting' ELSE 'unsure' END,
         code = CASE state WHEN 'sending' THEN code ELSE $1 END,
         answer = CASE state WHEN 'sending' THEN answer ELSE $2 END,
         settled_at = CASE state WHEN 'sending' THEN NULL ELSE now() END
       WHERE state IN ('sending', 'handingOver') AND lease_until <= now() RETURNING id, state`,
      [unsure.code, unsure.answer],
    );
    const having = (state: MailState): readonly bigint[] =>
      rows.filter((row) => row.state === state).map(({ id }) => id);
    return { again: having('waiting'), unsure: having('unsure') };
  }

  /** The newest first, or those before this one. */
  async list(states: readonly MailState[], limit = 100, before?: bigint): Promise<readonly MailListing[]> {
    return this.rows(
      `SELECT ${columns} FROM mail WHERE state = ANY($1) AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $2`,
      [states, limit, before ?? null],
    );
  }

  async counts(states: readonly MailState[] = mailStates): Promise<Readonly<Record<MailState, number>>> {
    const rows = await this.rows<{ state: MailState; mails: number }>(
      'SELECT state, count(*)::int AS mails FROM mail WHERE state = ANY($1) GROUP BY state',
      [states],
    );
    const found = new Map(rows.map(({ state, mails }) => [state, mails]));
    return Object.fromEntries(mailStates.map((state) => [state, found.get(state) ?? 0])) as Record<MailState, number>;
  }

  /** When a mail of this template was last queued. */
  async lastQueued(template: string): Promise<Date | undefined> {
    const rows = await this.rows<{ at: Date | null }>('SELECT max(created_at) AS at FROM mail WHERE template = $1', [
      template,
    ]);
    return rows[0]?.at ?? undefined;
  }

  /** Sends mails again that were refused or whose fate is unknown, if they have an address. Returns which. */
  async retry(ids: readonly bigint[]): Promise<readonly bigint[]> {
    const rows = await this.rows<{ id: bigint }>(
      `UPDATE mail SET state = 'waiting', not_before = now(), settled_at = NULL
       WHERE id = ANY($1) AND state IN ('waiting', 'refused', 'unsure') AND address IS NOT NULL RETURNING id`,
      [ids],
    );
    return rows.map(({ id }) => id);
  }

  /** Removes what was settled long ago, with the names and addresses in it. */
  async forget(days: number): Promise<number> {
    return transaction(this.pool, async (client) => {
      const { rows } = await client.query<{ content: bigint }>(
        `DELETE FROM mail WHERE state IN ('sent', 'refused', 'unsure', 'digested')
           AND settled_at < now() - $1 * interval '1 day' RETURNING content_id AS content`,
        [days],
      );
      if (rows.length > 0) await dropUnused(client, [...new Set(rows.map(({ content }) => content))]);
      return rows.length;
    });
  }

  private async rows<T extends pg.QueryResultRow>(statement: string, values: readonly unknown[]): Promise<T[]> {
    return (await this.pool.query<T>(statement, [...values])).rows;
  }

  private async changed(statement: string, values: readonly unknown[]): Promise<boolean> {
    return (await this.pool.query(statement, [...values])).rowCount === 1;
  }
}
