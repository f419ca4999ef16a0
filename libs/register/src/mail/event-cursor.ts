import type pg from 'pg';
import { crashPoint } from '@coldroom/domain';
import { transaction } from '../db/connection';
import { queueMails, type NewMail } from './new-mail';
import {
  importsOf,
  mark,
  markAll,
  nextEvents,
  requestsOf,
  type MailEvent,
  type MailPlan,
  type MailTopic,
  type PendingEvents,
} from './pending-events';

/** Planning reads the register between two statements of the transaction. */
const planIdleSeconds = 120;
/**
 * A transaction takes the number of an event just before PostgreSQL numbers the transaction itself: this is more than
 * that can take.
 */
const settleAfterMs = 120_000;

interface Seen {
  readonly event: bigint;
  /** Transactions from this one on had not begun. */
  readonly nextTransaction: bigint;
  readonly at: number;
}

/**
 * Reads the events for mail, each once, in whatever order they are committed. Events never wait for it: it takes no lock
 * that a writer of events needs.
 */
export class EventCursor {
  private seen: Seen | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly settleMs = settleAfterMs,
  ) {}

  /** The first start: mail is about what happens from now on. */
  async begin(): Promise<void> {
    await this.pool.query(
      'UPDATE mail_cursor SET settled_event = (SELECT coalesce(max(id), 0) FROM event) WHERE settled_event IS NULL',
    );
  }

  /** Queues the mails of a topic's events, and marks these as handled in the same transaction. */
  async collect(
    topic: MailTopic,
    plan: (events: readonly MailEvent[], all: PendingEvents) => Promise<MailPlan>,
  ): Promise<{ readonly handled: number; readonly queued: number }> {
    return transaction(
      this.pool,
      async (client) => {
        await client.query('SELECT FROM mail_cursor FOR UPDATE');
        const events = await nextEvents(client, topic);
        const [oldest] = events;
        if (!oldest || (topic.isDue && !(await topic.isDue(oldest.at)))) return { handled: 0, queued: 0 };
        // What is marked before the register is read for the mails is surely part of what they say.
        const marked = topic.isDue && (await markAll(client, topic));
        const all = marked || { count: events.length, requestIds: requestsOf(events), importIds: importsOf(events) };
        const { handled, mails } = await plan(events, all);
        const queued = await queueMails(client, mails);
        if (!marked) await mark(client, topic, handled);
        const count = marked ? marked.count : handled.length;
        if (count > 0) crashPoint('mail:1-queued');
        return { handled: count, queued };
      },
      planIdleSeconds,
    );
  }

  /** Queues mails that follow from the time and not from an event. Returns how many are new. */
  async queue(mails: readonly NewMail[]): Promise<number> {
    if (mails.length === 0) return 0;
    return transaction(this.pool, async (client) => {
      const queued = await queueMails(client, mails);
      crashPoint('mail:1-queued');
      return queued;
    });
  }

  /**
   * Moves the cursor past events that are handled, once all transactions have ended that could still commit one of a
   * lower number. Until then, an event is only looked at again.
   */
  async settle(topics: readonly MailTopic[]): Promise<void> {
    const {
      rows: [now],
    } = await this.pool.query<{ event: bigint; oldest: bigint; next: bigint }>(
      `SELECT coalesce((SELECT max(id) FROM event), 0) AS event,
         txid_snapshot_xmin(txid_current_snapshot()) AS oldest, txid_snapshot_xmax(txid_current_snapshot()) AS next`,
    );
    const { event, oldest, next } = now as NonNullable<typeof now>;
    const { seen } = this;
    // A register restored from a backup may be on a server that counts transactions from lower numbers.
    if (!seen || next < seen.nextTransaction) {
      this.seen = { event, nextTransaction: next, at: performance.now() };
      return;
    }
    if (oldest < seen.nextTransaction || performance.now() - seen.at < this.settleMs) return;
    await this.moveTo(seen.event, topics);
    this.seen = { event, nextTransaction: next, at: performance.now() };
  }

  private async moveTo(event: bigint, topics: readonly MailTopic[]): Promise<void> {
    const pairs = topics.flatMap(({ name, events }) => events.map((what) => ({ name, what })));
    await transaction(this.pool, async (client) => {
      await client.query('SELECT FROM mail_cursor FOR UPDATE');
      await client.query(
        `UPDATE mail_cursor SET settled_event = greatest(settled_event, coalesce(
           (SELECT min(e.id) - 1 FROM event e JOIN unnest($2::text[], $3::text[]) AS t(topic, what) ON t.what = e.what
            WHERE e.id > settled_event AND e.id <= $1
              AND NOT EXISTS (SELECT FROM mail_handled h WHERE h.event_id = e.id AND h.topic = t.topic)), $1))`,
        [event, pairs.map(({ name }) => name), pairs.map(({ what }) => what)],
      );
      await client.query('DELETE FROM mail_handled WHERE event_id <= (SELECT settled_event FROM mail_cursor)');
    });
  }
}
