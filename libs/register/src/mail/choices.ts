import type pg from 'pg';

/** How much mail a person wants. Mail about data loss is always sent at once. */
export const mailChoices = ['atOnce', 'daily', 'none'] as const;
export type MailChoice = (typeof mailChoices)[number];

export interface PersonsChoice {
  readonly login: string;
  readonly fullName: string;
  readonly email: string | null;
  readonly choice: MailChoice;
  readonly changedAt: Date;
}

/** What people chose. Who chose nothing gets each mail at once; only other choices are recorded. */
export class MailChoices {
  constructor(private readonly pool: pg.Pool) {}

  async of(personId: bigint): Promise<MailChoice> {
    const { rows } = await this.pool.query<{ choice: MailChoice }>(
      'SELECT choice FROM mail_choice WHERE person_id = $1',
      [personId],
    );
    return rows[0]?.choice ?? 'atOnce';
  }

  async set(personId: bigint, choice: MailChoice): Promise<void> {
    await this.pool.query(
      choice === 'atOnce'
        ? `DELETE FROM mail_choice WHERE person_id = $1 AND $2 = 'atOnce'`
        : `INSERT INTO mail_choice (person_id, choice) VALUES ($1, $2)
           ON CONFLICT (person_id) DO UPDATE SET choice = excluded.choice, changed_at = now()
           WHERE mail_choice.choice <> excluded.choice`,
      [personId, choice],
    );
  }

  /** Those that differ from the default, by login, after this one. */
  async list(after = '', limit = 100): Promise<readonly PersonsChoice[]> {
    const { rows } = await this.pool.query<PersonsChoice>(
      `SELECT p.login, p.full_name AS "fullName", p.email, c.choice, c.changed_at AS "changedAt"
       FROM mail_choice c JOIN person p ON p.id = c.person_id WHERE p.login > $1 ORDER BY p.login LIMIT $2`,
      [after, limit],
    );
    return rows;
  }
}
