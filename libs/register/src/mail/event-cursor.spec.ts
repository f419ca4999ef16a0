import { freshRegister } from '../testing/fresh-register';
import { EventCursor } from './event-cursor';
import type { NewMail, Recipient } from './new-mail';
import type { MailEvent, MailPlan } from './pending-events';

const topic = { name: 'decisions', events: ['approve'] } as const;
const alice: Recipient = { key: 'person:7', name: 'Alice', address: 'alice@example.org' };

const mailAbout = ({ id }: Pick<MailEvent, 'id'>, recipient = alice): NewMail => ({
  reason: `approved:${id}`,
  template: 'approved',
  recipient,
  facts: {},
});
const planAll = async (events: readonly MailEvent[]): Promise<MailPlan> => ({
  handled: events.map(({ id }) => id),
  mails: events.map((event) => mailAbout(event)),
});

let db: Awaited<ReturnType<typeof freshRegister>>;
let cursor: EventCursor;
beforeEach(async () => {
  db = await freshRegister();
  cursor = new EventCursor(db.sql, 0);
  await cursor.begin();
});
afterEach(() => db.drop());

const insert = `INSERT INTO event (actor, what) VALUES ('dora', 'approve') RETURNING id`;
async function happens(): Promise<bigint> {
  return BigInt((await db.sql.query<{ id: bigint }>(insert)).rows[0]!.id);
}
async function settled(): Promise<bigint> {
  return BigInt((await db.sql.query<{ at: bigint }>('SELECT settled_event AS at FROM mail_cursor')).rows[0]!.at);
}
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await cursor.settle([topic]);
}

test('an event that is committed after events with higher numbers is not skipped', async () => {
  const late = await db.register['pool'].connect();
  await late.query('BEGIN');
  const lateId = BigInt((await late.query<{ id: bigint }>(insert)).rows[0]!.id);
  const early = await happens();
  expect(early).toBeGreaterThan(lateId);
  expect(await cursor.collect(topic, planAll)).toEqual({ handled: 1, queued: 1 });
  await settle();
  expect(await settled()).toBeLessThan(lateId);
  await late.query('COMMIT');
  late.release();
  expect(await cursor.collect(topic, planAll)).toEqual({ handled: 1, queued: 1 });
  await settle();
  expect(await settled()).toBe(early);
  expect((await db.register.outbox.list(['waiting'])).map(({ reason }) => reason).sort()).toEqual(
    [`approved:${lateId}`, `approved:${early}`].sort(),
  );
});

test('the cursor waits for events that no topic has handled yet, and each is handled once', async () => {
  const [first, second] = [await happens(), await happens()];
  const onlySecond = async (events: readonly MailEvent[]): Promise<MailPlan> => ({
    handled: [second],
    mails: events.filter(({ id }) => BigInt(id) === second).map((event) => mailAbout(event)),
  });
  expect(await cursor.collect(topic, onlySecond)).toEqual({ handled: 1, queued: 1 });
  await settle();
  expect(await settled()).toBe(first - 1n);
  expect(await cursor.collect(topic, planAll)).toEqual({ handled: 1, queued: 1 });
  await settle();
  expect(await cursor.collect(topic, planAll)).toEqual({ handled: 0, queued: 0 });
  expect((await db.sql.query('SELECT FROM mail_handled')).rowCount).toBe(0);
});

test('a plan that fails queues nothing, and its events are offered again', async () => {
  await happens();
  await expect(
    cursor.collect(topic, async () => {
      throw new Error('a fault');
    }),
  ).rejects.toThrow('a fault');
  expect(await cursor.collect(topic, planAll)).toEqual({ handled: 1, queued: 1 });
});

test('several notifiers at once queue each mail once', async () => {
  for (let nr = 0; nr < 20; nr += 1) await happens();
  const other = new EventCursor(db.register['pool'], 0);
  const results = await Promise.all([cursor, other, other].map((one) => one.collect(topic, planAll)));
  expect(results.reduce((sum, { queued }) => sum + queued, 0)).toBe(20);
  expect(await db.register.outbox.counts()).toMatchObject({ waiting: 20 });
});

test('one reason gives a recipient one mail, even if its event were handled again', async () => {
  const id = await happens();
  const twice = async (): Promise<MailPlan> => ({ handled: [], mails: [mailAbout({ id })] });
  expect(await cursor.collect(topic, twice)).toMatchObject({ queued: 1 });
  expect(await cursor.collect(topic, twice)).toMatchObject({ queued: 0 });
});

test('events of before the first start give no mail', async () => {
  await db.sql.query('UPDATE mail_cursor SET settled_event = NULL');
  await happens();
  await cursor.begin();
  expect(await cursor.collect(topic, planAll)).toEqual({ handled: 0, queued: 0 });
  await happens();
  await cursor.begin();
  expect(await cursor.collect(topic, planAll)).toEqual({ handled: 1, queued: 1 });
});

test('writers of events do not wait while mails are planned', async () => {
  await happens();
  await cursor.collect(topic, async (events) => {
    const id = await db.register['pool'].query(`SET lock_timeout = '1s'; ${insert}`);
    expect(id).toBeDefined();
    return planAll(events);
  });
  expect(await cursor.collect(topic, planAll)).toMatchObject({ queued: 1 });
});
