import type pg from 'pg';
import type { NewMail } from './new-mail';

/** Events that are handled together: each is handled once for each topic that names it. */
export interface MailTopic {
  readonly name: string;
  /** What happened: `event.what`. */
  readonly events: readonly string[];
  /**
   * Only for a topic that sends one mail for all of its events: whether it may be sent now. `plan` then is given the first
   * events only, and all are handled.
   */
  readonly isDue?: (oldest: Date) => Promise<boolean>;
}

/** All events that are handled together. */
export interface PendingEvents {
  readonly count: number;
  /** Each once. */
  readonly requestIds: readonly bigint[];
  /** Orders of imports, each once. */
  readonly importIds: readonly bigint[];
}

export interface MailEvent {
  readonly id: bigint;
  readonly at: Date;
  readonly actor: string;
  readonly requestId: bigint | null;
  readonly fileId: bigint | null;
  readonly importId: bigint | null;
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly code: string | null;
  readonly detail: Readonly<Record<string, unknown>> | null;
}

/** What follows from some events. The others are offered again. */
export interface MailPlan {
  readonly handled: readonly bigint[];
  readonly mails: readonly NewMail[];
}

const eventsAtOnce = 500;
const eventColumns = `e.id, e.at, e.actor, e.request_id AS "requestId", e.file_id AS "fileId", e.import_id AS "importId", e.what, e.from_state AS from, e.to_state AS to, e.code, e.detail`;
const pending = `e.id > (SELECT settled_event FROM mail_cursor) AND e.what = ANY($1)
  AND NOT EXISTS (SELECT FROM mail_handled h WHERE h.event_id = e.id AND h.topic = $2)`;

export async function nextEvents(client: pg.ClientBase, { name, events }: MailTopic): Promise<readonly MailEvent[]> {
  const { rows } = await client.query<MailEvent>(
    `SELECT ${eventColumns} FROM event e WHERE ${pending} ORDER BY e.id LIMIT ${eventsAtOnce}`,
    [events, name],
  );
  return rows;
}

export async function mark(client: pg.ClientBase, { name }: MailTopic, handled: readonly bigint[]): Promise<void> {
  await client.query('INSERT INTO mail_handled (event_id, topic) SELECT unnest($1::bigint[]), $2', [handled, name]);
}

export async function markAll(client: pg.ClientBase, { name, events }: MailTopic): Promise<PendingEvents> {
  const { rows } = await client.query<PendingEvents>(
    `WITH pending AS (SELECT e.id, e.request_id, e.import_id FROM event e WHERE ${pending}),
       marked AS (INSERT INTO mail_handled (event_id, topic) SELECT id, $2 FROM pending)
     SELECT count(*)::int AS count, coalesce(array_agg(DISTINCT request_id) FILTER (WHERE request_id IS NOT NULL), '{}') AS "requestIds",
       coalesce(array_agg(DISTINCT import_id) FILTER (WHERE import_id IS NOT NULL), '{}') AS "importIds"
     FROM pending`,
    [events, name],
  );
  const { count, requestIds, importIds } = rows[0] as PendingEvents;
  return { count, requestIds: requestIds.map(BigInt), importIds: importIds.map(BigInt) };
}

export function importsOf(events: readonly MailEvent[]): readonly bigint[] {
  return [...new Set(events.flatMap(({ importId }) => (importId === null ? [] : [importId])))];
}

export function requestsOf(events: readonly MailEvent[]): readonly bigint[] {
  return [...new Set(events.flatMap(({ requestId }) => (requestId === null ? [] : [requestId])))];
}
