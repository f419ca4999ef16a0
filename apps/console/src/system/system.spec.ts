import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from '@coldroom/local';
import { describeSettings, ownVersion } from '@coldroom/runtime';
import { Browser } from '../testing/browser';
import { startConsole } from '../testing/console-process';
import { RunningConsole, type Login } from '../testing/running-console';

let running: RunningConsole;
beforeAll(async () => {
  const described = describeSettings({
    COLDROOM_SESSION_SECRET: 'geheim',
    REGISTER_DATABASE_URL: 'postgres://coldroom:geheim@db/register',
    COLDROOM_HOLD: '7d',
  });
  running = await RunningConsole.start('system', { described });
});
afterAll(() => running.stop());

async function signedIn(login: Login, console_ = running): Promise<Browser> {
  const browser = new Browser(console_);
  await browser.signIn(login);
  return browser;
}
const page = async (login: Login = 'root'): Promise<string> => (await (await signedIn(login)).get('/system')).text;
const row = (text: string, word: string): string =>
  /<tr[^>]*>.*?<\/tr>/g[Symbol.match](text)?.find((each) => each.includes(word)) ?? '';

test('services that never reported, are silent, or report', async () => {
  expect(await page()).toContain('5 services do not report');
  for (const service of ['scanner', 'checksum', 'transfer', 'linker'])
    await running.register.services.report(service, 60_000);
  const client = new Client({ connectionString: running.settings.registerUrl });
  await client.connect();
  await client.query(
    `UPDATE coldroom.service_report SET next_at = now() - interval '3 minutes' WHERE service = 'linker'`,
  );
  await client.end();
  const text = await page();
  expect(text).toContain('2 services do not report');
  expect(row(text, '<strong>scanner')).toContain('Reports');
  expect(row(text, '<strong>linker')).toContain('Silent');
  expect(row(text, '<strong>ingest-watcher')).toContain('never');
  await running.register.services.report('linker', 60_000);
  await running.register.services.report('ingest-watcher', 60_000);
  expect(await page()).toContain('All services report');
});

test('the console and the notifier are shown with their versions as soon as they run', async () => {
  const before = await page();
  for (const service of ['console', 'notifier']) expect(row(before, `<strong>${service}`)).toContain('Not in use');
  const console_ = await startConsole(running);
  try {
    while ((await running.register.services.list()).every(({ service }) => service !== 'console')) await sleep(50);
    const text = await page();
    expect(row(text, '<strong>console')).toContain('Reports');
    expect(row(text, '<strong>console')).toContain(`>${ownVersion()}<`);
  } finally {
    await console_.stop(10_000);
  }
});

test('versions, the state of the tables, and the queues are shown', async () => {
  const text = await page();
  expect(text).toContain(process.versions.node);
  expect(text).toMatch(/PostgreSQL<\/dt><dd>\d+\.\d+/);
  expect(text).toMatch(/Redis<\/dt><dd>\d+\.\d+\.\d+/);
  expect(text).toContain('The register has all tables of this version.');
  expect(row(text, 'bring-online')).toContain('data-name="Waiting">0');
  expect(text).toContain('The register decides');
});

test('the last backup is shown, and what failed since', async () => {
  expect(await page()).toContain('No backup was made');
  const { backupRuns } = running.register;
  const of = { kind: 'backup', database: 'omero', place: 'directory', shown: '/mnt/backup' } as const;
  await backupRuns.finish(await backupRuns.begin(of, 'test'), { name: 'x.dump', bytes: 2048n });
  expect(row(await page(), 'to /mnt/backup')).toMatch(/2(\.00)? KiB.*no failure/);
  await backupRuns.fail(await backupRuns.begin(of, 'test'), { code: 'BACKUP_NO_SPACE', reason: 'the disk is full' });
  expect(row(await page(), 'to /mnt/backup')).toMatch(/1 run.* failed: the disk is full.*BACKUP_NO_SPACE/);
});

test('settings are shown with their origin, and no secret', async () => {
  const text = await page();
  expect(text).not.toContain('geheim');
  expect(row(text, '>COLDROOM_SESSION_SECRET<')).toContain('>set<');
  expect(row(text, '>REGISTER_DATABASE_URL<')).toContain('postgres://coldroom:***@db/register');
  expect(row(text, '>COLDROOM_HOLD<')).toMatch(/7d.*environment/);
  expect(row(text, '>COLDROOM_SCAN_EVERY<')).toMatch(/5m.*default/);
});

test('a mail that was not delivered says why, and how to send it again', async () => {
  expect(await page()).toContain('No mail was refused.');
  const { register } = running;
  const mail = { template: 'approved', facts: {} };
  await register.mailEvents.queue([
    {
      ...mail,
      reason: 'approved:1',
      recipient: {
        key: 'person:1',
        name: 'Bob',
        address: null,
        problem: { code: 'MAIL_ADDRESS_INVALID', reason: 'no <address>' },
      },
    },
    { ...mail, reason: 'approved:2', recipient: { key: 'person:2', name: 'Eve', address: 'eve@example.org' } },
    { ...mail, reason: 'approved:3', recipient: { key: 'person:3', name: 'Jo', address: 'jo@example.org' } },
  ]);
  const [first] = await register.outbox.due();
  await register.outbox.refuse((await register.outbox.claim(first!, 1000))!, {
    code: 'SMTP_550',
    answer: 'no such user',
  });
  const text = await page();
  expect(text).toContain('1 mail waits to be sent');
  expect(text).toContain('no &lt;address>');
  expect(text).toContain(`coldroom mail retry ${first}</pre>`);
  expect(row(text, 'eve@example.org')).toContain('no such user');
});

test('a Redis that does not answer is reported, and the rest is shown', async () => {
  const alone = await RunningConsole.start('system_alone', { redisUrl: `redis://127.0.0.1:${await freePort()}` });
  try {
    const { status, text } = await (await signedIn('root', alone)).get('/system');
    expect(status).toBe(200);
    expect(text).toContain('<h1>Redis does not answer</h1>');
    expect(text).toContain('Start Redis, or correct REDIS_URL');
    expect(text).toMatch(/PostgreSQL<\/dt><dd>\d+/);
  } finally {
    await alone.stop();
  }
});

test('the same is in the API', async () => {
  const { text } = await (await signedIn('ada')).get('/api/v1/system');
  expect(JSON.parse(text)).toMatchObject({
    versions: { node: process.versions.node },
    pendingMigrations: [],
    services: expect.arrayContaining([expect.objectContaining({ service: 'linker', isSilent: false })]),
    queues: expect.arrayContaining([{ stage: 'hash', waiting: 0, active: 0, failed: 0 }]),
    settings: expect.arrayContaining([{ key: 'COLDROOM_HOLD', value: '7d', from: 'environment', isSecret: false }]),
  });
  expect(text).not.toContain('geheim');
});

test.each<[Login, number]>([
  ['root', 200],
  ['ada', 200],
  ['dora', 404],
  ['alice', 404],
])('%s gets %d, and the entry in the navigation accordingly', async (login, status) => {
  const browser = await signedIn(login);
  for (const path of ['/system', '/api/v1/system']) expect((await browser.get(path)).status).toBe(status);
  expect((await browser.get('/')).text.includes('href="/coldroom/system"')).toBe(status === 200);
});

test('only who may see the queues gets a link to them', async () => {
  expect(await page('root')).toContain('Look at the jobs');
  expect(await page('ada')).not.toContain('Look at the jobs');
});
