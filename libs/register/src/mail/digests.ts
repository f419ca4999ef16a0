import type pg from 'pg';
import { crashPoint } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { queueMails, type Facts, type NewMail } from './new-mail';

export interface GatheredMail {
  readonly id: bigint;
  readonly template: string;
  readonly facts: Facts;
  readonly name: string | null;
}

export interface Gathered {
  readonly recipient: string;
  readonly count: number;
  /** The first ones, the oldest first. */
  readonly shown: readonly GatheredMail[];
  /** The number of the last one: names the digest. */
  readonly last: bigint;
}

/** Reading people and rendering subjects happens between two statements of the transaction. */
const planIdleSeconds = 120;

/** Mails that people want once a day. */
export class MailDigests {
  constructor(private readonly pool: pg.Pool) {}

  /** Recipients with mails from before this time, the first by key. */
  async due(until: Date, limit = 100): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ recipient: string }>(
      `SELECT DISTINCT recipient FROM mail WHERE state = 'gathered' AND created_at < $1 ORDER BY recipient LIMIT $2`,
      [until, limit],
    );
    return rows.map(({ recipient }) => recipient);
  }

  /** Replaces what was gathered for this recipient before `until` by one mail, in one transaction. */
  async replace(
    recipient: string,
    { until, shown }: { readonly until: Date; readonly shown: number },
    plan: (gathered: Gathered) => Promise<NewMail>,
  ): Promise<void> {
    await transaction(
      this.pool,
      async (client) => {
        const { rows } = await client.query<{ id: bigint }>(
          `SELECT id FROM mail WHERE recipient = $1 AND state = 'gathered' AND created_at < $2 ORDER BY id FOR UPDATE`,
          [recipient, until],
        );
        const ids = rows.map(({ id }) => id);
        const last = ids.at(-1);
        if (last === undefined) return;
        const { rows: first } = await client.query<GatheredMail>(
          `SELECT m.id, m.template, c.facts, m.name FROM mail m JOIN mail_content c ON c.id = m.content_id
           WHERE m.id = ANY($1) ORDER BY m.id`,
          [ids.slice(0, shown)],
        );
        await queueMails(client, [await plan({ recipient, count: ids.length, shown: first, last })]);
        await client.query(`UPDATE mail SET state = 'digested', settled_at = now() WHERE id = ANY($1)`, [ids]);
        crashPoint('mail:6-digested');
      },
      planIdleSeconds,
    );
  }
}
