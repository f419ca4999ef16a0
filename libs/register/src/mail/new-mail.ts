import { createHash } from 'node:crypto';
import type pg from 'pg';

/** Values for a template: texts, numbers, and lists of the same. */
export type Facts = Readonly<Record<string, unknown>>;

export interface Recipient {
  /** Who it is, whatever the address: `person:ID`, `login:NAME` or `address:ADDRESS`. */
  readonly key: string;
  readonly name: string | null;
  readonly address: string | null;
  /** Why nothing can be sent to this recipient. The mail is recorded with it. */
  readonly problem?: { readonly code: string; readonly reason: string };
}

export interface NewMail {
  /** Contains the number of the event or request: the same reason never gives one recipient two mails. */
  readonly reason: string;
  readonly template: string;
  readonly recipient: Recipient;
  readonly facts: Facts;
}

/** Queues mails in the caller's transaction. Returns how many are new. */
export async function queueMails(client: pg.ClientBase, mails: readonly NewMail[]): Promise<number> {
  if (mails.length === 0) return 0;
  const { rowCount } = await client.query(
    `INSERT INTO mail (reason, recipient, template, facts, name, address, message_id, state, code, answer, settled_at)
     SELECT reason, recipient, template, facts, name, address, message_id,
       CASE WHEN code IS NULL THEN 'waiting' ELSE 'refused' END, code, answer, CASE WHEN code IS NOT NULL THEN now() END
     FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
       AS m(reason, recipient, template, facts, name, address, message_id, code, answer)
     ON CONFLICT (reason, recipient) DO NOTHING`,
    [
      mails.map(({ reason }) => reason),
      mails.map(({ recipient }) => recipient.key),
      mails.map(({ template }) => template),
      mails.map(({ facts }) => JSON.stringify(facts)),
      mails.map(({ recipient }) => recipient.name),
      mails.map(({ recipient }) => recipient.address),
      mails.map(messageIdOf),
      mails.map(({ recipient }) => recipient.problem?.code ?? null),
      mails.map(({ recipient }) => recipient.problem?.reason ?? null),
    ],
  );
  return rowCount ?? 0;
}

/**
 * The left part of the Message-ID. A register that was restored from a backup numbers its events again: what the mail
 * says is part of it, so that no one takes another mail for this one.
 */
function messageIdOf({ reason, recipient, template, facts }: NewMail): string {
  return createHash('sha256')
    .update(JSON.stringify([reason, recipient.key, template, facts]))
    .digest('hex')
    .slice(0, 40);
}
