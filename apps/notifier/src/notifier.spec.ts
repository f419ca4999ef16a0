import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Scene } from './testing/scene';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.create('notifier');
});
afterAll(() => scene.close());
afterEach(async () => {
  await scene.killAll();
  scene.smtp.onRecipient = undefined;
  scene.smtp.onMessage = undefined;
  scene.smtp.accepted.length = 0;
  await scene.sql.query('DELETE FROM mail');
});

async function approved(): Promise<bigint> {
  const id = await scene.request();
  await scene.register.requests.approve(id, 'dora');
  return id;
}

test('an approval becomes one mail to the requester and one to the owner', async () => {
  const notifier = scene.start();
  const id = await approved();
  await scene.settled(2);
  expect(scene.smtp.accepted.map(({ to }) => to).sort()).toEqual([['alice@example.org'], ['olga@example.org']]);
  const [mail] = scene.smtp.accepted;
  expect(mail?.headers.get('subject')).toBe(`[Coldroom] Request ${id} is approved`);
  expect(mail?.headers.get('from')).toBe('Coldroom <coldroom@example.org>');
  expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
  expect(mail?.text).toContain(`https://facility.example.org/coldroom/requests/${id}`);
  expect(await notifier.stop(10_000)).toMatchObject({ signal: 'SIGTERM' });
});

test("a refused mail is recorded with the server's answer and not tried again; others are sent", async () => {
  scene.smtp.onRecipient = (address) => (address.startsWith('olga') ? { code: 550, text: 'no such user' } : undefined);
  scene.start();
  await approved();
  await scene.settled(1, { refused: 1 });
  expect(await scene.register.outbox.list(['refused'])).toMatchObject([
    { address: 'olga@example.org', code: 'MAIL_REFUSED', answer: '550 no such user', attempts: 1 },
  ]);
});

test('a mail that is not accepted for now is sent after a pause, under the same Message-ID', async () => {
  scene.smtp.onMessage = async () => ({ code: 451, text: 'try later' });
  scene.start();
  await approved();
  await scene.until('both mails to be postponed', async () =>
    (await scene.register.outbox.list(['waiting'])).filter(({ code }) => code === 'MAIL_DEFERRED').length === 2
      ? true
      : undefined,
  );
  const [mail] = await scene.register.outbox.list(['waiting']);
  const pauseMs = (mail?.notBefore.getTime() ?? 0) - Date.now();
  expect(pauseMs).toBeGreaterThan(30_000);
  expect(pauseMs).toBeLessThanOrEqual(61_000);
  scene.smtp.onMessage = undefined;
  await scene.sql.query('UPDATE mail SET not_before = now()');
  await scene.settled(2);
  expect(scene.smtp.accepted).toHaveLength(2);
});

test('emptying Redis loses no mail', async () => {
  const redis = new Redis(process.env['TEST_REDIS_URL'] as string);
  scene.start();
  for (let nr = 0; nr < 5; nr += 1) {
    await approved();
    await redis.flushdb();
  }
  await scene.settled(10);
  await redis.quit();
  expect(new Set(scene.smtp.accepted.map(({ headers }) => headers.get('message-id'))).size).toBe(10);
});

test('without an SMTP server mails wait, and archiving goes on', async () => {
  scene.start({ SMTP_URL: 'smtp://localhost:1?tls=none' });
  await approved();
  const waiting = await scene.until('the mails to wait', async () => {
    const mails = await scene.register.outbox.list(['waiting']);
    return mails.length === 2 && mails.every(({ code }) => code === 'MAIL_SERVER_UNAVAILABLE') ? mails : undefined;
  });
  expect(waiting.map(({ answer }) => answer)).toEqual([
    expect.stringContaining('ECONNREFUSED'),
    expect.stringContaining('ECONNREFUSED'),
  ]);
});

test("a site's template that is not valid stops no mail", async () => {
  const dir = mkdtempSync(join(tmpdir(), 'notifier-spec-'));
  writeFileSync(join(dir, 'approved.txt'), 'Subject: {{#open}}\n\n');
  writeFileSync(join(dir, 'declined.txt'), 'Subject: Nein {{request}}\n\nGrund: {{reason}}');
  scene.start({ MAIL_TEMPLATES: dir });
  const id = await approved();
  await scene.settled(2);
  expect(scene.smtp.accepted[0]?.headers.get('subject')).toBe(`[Coldroom] Request ${id} is approved`);
  expect(scene.lines.some((line) => line.includes('template not used'))).toBe(true);
  const declined = await scene.request();
  await scene.register.requests.decline(declined, 'dora', 'zu früh');
  await scene.settled(4);
  const mail = scene.smtp.accepted.at(-1);
  expect(mail?.headers.get('subject')).toBe(`[Coldroom] Nein ${declined}`);
  expect(mail?.text.trim()).toBe('Grund: zu früh');
  rmSync(dir, { recursive: true });
});
