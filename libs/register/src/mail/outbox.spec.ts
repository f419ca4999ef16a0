import { freshRegister } from '../testing/fresh-register';
import type { ClaimedMail, Outbox } from './outbox';
import { queueMails, type Recipient } from './new-mail';

let db: Awaited<ReturnType<typeof freshRegister>>;
let outbox: Outbox;
beforeEach(async () => {
  db = await freshRegister();
  outbox = db.register.outbox;
});
afterEach(() => db.drop());

const alice: Recipient = { key: 'person:7', name: 'Alice', address: 'alice@example.org' };
const unsure = { code: 'MAIL_MAYBE_SENT', answer: 'the notifier ended' };

async function queued(reason = 'approved:1', recipient = alice): Promise<void> {
  const client = await db.sql.connect();
  await queueMails(client, [{ reason, recipient, template: 'approved', facts: { request: '1' } }]);
  client.release();
}
async function claimed(leaseMs = 60_000): Promise<ClaimedMail> {
  const [id] = await outbox.due();
  return (await outbox.claim(id as bigint, leaseMs)) as ClaimedMail;
}
const expire = async (): Promise<unknown> => db.sql.query(`UPDATE mail SET lease_until = now() - interval '1 second'`);
const states = async (): Promise<readonly string[]> =>
  (await db.sql.query<{ state: string }>('SELECT state FROM mail ORDER BY id')).rows.map(({ state }) => state);

test('one notifier at a time has a mail, and its answer is recorded', async () => {
  await queued();
  const mail = await claimed();
  expect(mail).toMatchObject({ attempt: 1, address: 'alice@example.org', facts: { request: '1' } });
  expect(await outbox.claim(mail.id, 1000)).toBeUndefined();
  expect(await outbox.handingOver(mail)).toBe(true);
  expect(await outbox.sent(mail, '250 OK')).toBe(true);
  expect(await outbox.list(['sent'])).toMatchObject([{ answer: '250 OK', code: null, settledAt: expect.any(Date) }]);
});

test('a mail whose last byte was not sent is sent again after a crash; one that was is unsure', async () => {
  await queued();
  const first = await claimed();
  expect(await outbox.recover(unsure)).toEqual({ again: [], unsure: [] });
  await expire();
  expect(await outbox.recover(unsure)).toEqual({ again: [first.id], unsure: [] });
  const second = await claimed();
  expect(second.attempt).toBe(2);
  await outbox.handingOver(second);
  await expire();
  expect(await outbox.recover(unsure)).toEqual({ again: [], unsure: [first.id] });
  expect(await outbox.due()).toEqual([]);
});

test('a notifier that lost its mail hands nothing over and overwrites nothing', async () => {
  await queued();
  const late = await claimed();
  await expire();
  expect(await outbox.handingOver(late)).toBe(false);
  await outbox.recover(unsure);
  const mail = await claimed();
  expect(await outbox.handingOver(late)).toBe(false);
  expect(await outbox.renew(late, 1000)).toBe(false);
  expect(await outbox.refuse(late, { code: 'MAIL_REFUSED', answer: '550' })).toBe(false);
  expect(await outbox.postpone(late, { code: 'MAIL_DEFERRED', answer: '450' }, 0)).toBe(false);
  expect(await outbox.sent(mail, '250 OK')).toBe(true);
  expect(await states()).toEqual(['sent']);
});

test('a frozen notifier that wakes up with an answer says what became of an unsure mail', async () => {
  await queued();
  const mail = await claimed();
  await outbox.handingOver(mail);
  await expire();
  await outbox.recover(unsure);
  expect(await outbox.sent(mail, '250 OK')).toBe(true);
  expect(await states()).toEqual(['sent']);
});

test('a postponed mail is due after its pause', async () => {
  await queued();
  const mail = await claimed();
  await outbox.postpone(mail, { code: 'MAIL_DEFERRED', answer: '450 later' }, 60_000);
  expect(await outbox.due()).toEqual([]);
  await db.sql.query('UPDATE mail SET not_before = now()');
  expect(await outbox.due()).toEqual([mail.id]);
});

test('a recipient without an address has a mail that says why, and it cannot be sent', async () => {
  const problem = { code: 'MAIL_ADDRESS_MISSING', reason: 'OMERO has no address' };
  await queued('approved:1', { ...alice, address: null, problem });
  expect(await outbox.list(['refused'])).toMatchObject([{ code: problem.code, answer: problem.reason }]);
  expect(await outbox.due()).toEqual([]);
  expect(await outbox.retry((await outbox.list(['refused'])).map(({ id }) => id))).toEqual([]);
});

test('a person may have refused and unsure mails sent again, but not those that were sent', async () => {
  await queued('approved:1');
  await queued('approved:2');
  const refused = await claimed();
  await outbox.refuse(refused, { code: 'MAIL_REFUSED', answer: '550 no' });
  const sent = await claimed();
  await outbox.sent(sent, '250 OK');
  expect(await outbox.retry([refused.id, sent.id])).toEqual([refused.id]);
  expect(await outbox.due()).toEqual([refused.id]);
});

test('settled mails are forgotten after a while, open ones never', async () => {
  await queued('approved:1');
  await queued('approved:2');
  await outbox.sent(await claimed(), '250 OK');
  await db.sql.query(
    `UPDATE mail SET created_at = now() - interval '1 year', settled_at = settled_at - interval '91 days'`,
  );
  expect(await outbox.forget(90)).toBe(1);
  expect(await states()).toEqual(['waiting']);
});
