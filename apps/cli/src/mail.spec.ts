import pg from 'pg';
import { createDatabase } from '@coldroom/local';
import { TestSmtp } from '@coldroom/mail/testing';
import { migrate } from '@coldroom/register';
import { coldroom } from './testing/command-line';

let smtp: TestSmtp;
let env: Record<string, string>;
let sql: pg.Pool;
beforeAll(async () => {
  smtp = await TestSmtp.start();
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] as string, 'cli_mail', { existing: 'drop' });
  await migrate(url);
  sql = new pg.Pool({ connectionString: url, max: 1, options: '-c search_path=coldroom' });
  env = {
    REGISTER_DATABASE_URL: url,
    SMTP_URL: `smtp://localhost:${smtp.port}?tls=none`,
    MAIL_FROM: 'coldroom@example.org',
    MAIL_ADMINS: 'admin@example.org',
  };
  await sql.query(`INSERT INTO mail_content (facts) VALUES ('{}')`);
  await sql.query(`INSERT INTO mail (reason, recipient, template, content_id, address, message_id, state, code, answer) VALUES
    ('approved:1', 'person:7', 'approved', 1, 'alice@example.org', 'a', 'refused', 'MAIL_REFUSED', '550 no such user'),
    ('approved:2', 'person:8', 'approved', 1, NULL, 'b', 'refused', 'MAIL_ADDRESS_MISSING', 'OMERO has none'),
    ('approved:3', 'person:9', 'approved', 1, 'dora@example.org', 'c', 'sent', NULL, '250 OK')`);
});
afterAll(async () => {
  await sql.end();
  await smtp.close();
});

describe('coldroom mail test', () => {
  it("sends a mail and shows the server's answer", async () => {
    expect(await coldroom(['mail', 'test', 'me@example.org'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Accepted by the mail server: 250'),
    });
    expect(smtp.accepted.at(-1)?.headers.get('subject')).toBe('[Coldroom] Test mail');
  });

  it('explains why nothing was sent', async () => {
    smtp.onRecipient = () => ({ code: 550, text: 'no such user' });
    expect(await coldroom(['mail', 'test', 'me@example.org', '--json'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/"MAIL_REFUSED"[^]*550 no such user/),
    });
    smtp.onRecipient = undefined;
    const tls = { ...env, SMTP_URL: `smtp://localhost:${smtp.port}` };
    expect(await coldroom(['mail', 'test', 'me@example.org', '--json'], tls)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('MAIL_SERVER_UNAVAILABLE'),
    });
    expect(await coldroom(['mail', 'test', 'me at example', '--json'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('MAIL_ADDRESS_INVALID'),
    });
    expect(await coldroom(['mail', 'test', 'me@example.org'], { ...env, MAIL_FROM: '' })).toMatchObject({
      code: 10,
      stderr: expect.stringContaining('MAIL_FROM is not set'),
    });
  });
});

test('coldroom mail list shows what is not sent and why', async () => {
  const { code, stdout } = await coldroom(['mail', 'list'], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/1 +refused +alice@example.org .*MAIL_REFUSED +550 no such user/);
  expect(stdout).toMatch(/2 +refused +person:8 .*MAIL_ADDRESS_MISSING/);
  expect(stdout).not.toContain('dora');
  expect((await coldroom(['mail', 'list', '--state', 'sent'], env)).stdout).toContain('dora@example.org');
});

test('coldroom mail retry sends again what was refused, and nothing that was sent', async () => {
  expect(await coldroom(['mail', 'retry', '1', '2', '3', '--json'], env)).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/"retried": \[\s*"1"\s*\],\s*"unchanged": \[\s*"2",\s*"3"\s*\]/),
  });
  expect(await coldroom(['mail', 'retry', 'all'], env)).toMatchObject({ code: 2 });
});

test('coldroom mail choices lists who wants less mail than the default', async () => {
  expect((await coldroom(['mail', 'choices'], env)).stdout).toContain('Everyone gets each mail at once.');
  await sql.query(`INSERT INTO person (id, login, full_name, email, active, administrator, withheld)
    VALUES (7, 'alice', 'Alice Meyer', 'alice@example.org', true, false, '{}')`);
  await sql.query(`INSERT INTO mail_choice (person_id, choice) VALUES (7, 'daily')`);
  const { stdout } = await coldroom(['mail', 'choices'], env);
  expect(stdout).toMatch(/alice +Alice Meyer +alice@example\.org +one mail a day/);
  expect(JSON.parse((await coldroom(['mail', 'choices', '--json'], env)).stdout)).toMatchObject({
    people: [{ login: 'alice', choice: 'daily' }],
  });
});
