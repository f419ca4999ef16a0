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
  /** The same object for all recipients of one mail: it is stored once. */
  readonly facts: Facts;
  /** Sent at once, whatever the person chose. */
  readonly always?: boolean;
}

/** One statement never has more than these: a mail may have many thousand recipients. */
const mailsAtOnce = 1000;

/** Queues mails in the caller's transaction, as their recipients chose. Returns how many are new. */
export async function queueMails(client: pg.ClientBase, mails: readonly NewMail[]): Promise<number> {
  let queued = 0;
  const contents = await storeContents(client, [...new Set(mails.map(({ facts }) => facts))]);
  for (let start = 0; start < mails.length; start += mailsAtOnce)
    queued += await insert(client, mails.slice(start, start + mailsAtOnce), contents);
  if (queued < mails.length)
    await dropUnused(
      client,
      [...contents.values()].map(({ id }) => id),
    );
  return queued;
}

interface Content {
  readonly id: bigint;
  readonly hash: string;
}
type Contents = ReadonlyMap<Facts, Content>;

async function storeContents(client: pg.ClientBase, all: readonly Facts[]): Promise<Contents> {
  const contents = new Map<Facts, Content>();
  for (let start = 0; start < all.length; start += mailsAtOnce) {
    const part = all.slice(start, start + mailsAtOnce);
    const texts = part.map((facts) => JSON.stringify(facts));
    const { rows } = await client.query<{ id: bigint }>(
      `SELECT nextval(pg_get_serial_sequence('mail_content', 'id')) AS id FROM unnest($1::text[])`,
      [part.map(() => '')],
    );
    const ids = rows.map(({ id }) => id);
    await client.query(
      'INSERT INTO mail_content (id, facts) OVERRIDING SYSTEM VALUE SELECT * FROM unnest($1::bigint[], $2::jsonb[])',
      [ids, texts],
    );
    part.forEach((facts, at) => contents.set(facts, { id: ids[at] as bigint, hash: sha256(texts[at] as string) }));
  }
  return contents;
}

async function insert(client: pg.ClientBase, mails: readonly NewMail[], contents: Contents): Promise<number> {
  const contentOf = ({ facts }: NewMail): Content => contents.get(facts) as Content;
  const { rowCount } = await client.query(
    `INSERT INTO mail (reason, recipient, template, content_id, name, address, message_id, state, code, answer, settled_at)
     SELECT reason, recipient, template, content_id, name, address, message_id,
       CASE WHEN c.choice = 'daily' AND NOT always THEN 'gathered' WHEN code IS NULL THEN 'waiting' ELSE 'refused' END,
       code, answer, CASE WHEN code IS NOT NULL AND (c.choice IS NULL OR always) THEN now() END
     FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::boolean[])
       AS m(reason, recipient, template, content_id, name, address, message_id, code, answer, always)
     LEFT JOIN mail_choice c ON c.person_id = substring(recipient FROM '^person:(\\d+)$')::bigint
     WHERE always OR c.choice IS DISTINCT FROM 'none'
     ON CONFLICT (reason, recipient) DO NOTHING`,
    [
      mails.map(({ reason }) => reason),
      mails.map(({ recipient }) => recipient.key),
      mails.map(({ template }) => template),
      mails.map((mail) => contentOf(mail).id),
      mails.map(({ recipient }) => recipient.name),
      mails.map(({ recipient }) => recipient.address),
      mails.map((mail) => messageIdOf(mail, contentOf(mail))),
      mails.map(({ recipient }) => recipient.problem?.code ?? null),
      mails.map(({ recipient }) => recipient.problem?.reason ?? null),
      mails.map(({ always = false }) => always),
    ],
  );
  return rowCount ?? 0;
}

/** Removes those of these contents that no mail has. */
export async function dropUnused(client: pg.ClientBase, ids: readonly bigint[]): Promise<void> {
  await client.query(
    'DELETE FROM mail_content c WHERE c.id = ANY($1) AND NOT EXISTS (SELECT FROM mail m WHERE m.content_id = c.id)',
    [ids],
  );
}

/**
 * The left part of the Message-ID. A register that was restored from a backup numbers its events again: what the mail
 * says is part of it, so that no one takes another mail for this one.
 */
function messageIdOf({ reason, recipient, template }: NewMail, { hash }: Content): string {
  return sha256(JSON.stringify([reason, recipient.key, template, hash])).slice(0, 40);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
