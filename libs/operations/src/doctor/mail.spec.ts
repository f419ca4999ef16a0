import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { makeCertificate, TestSmtp } from '@coldroom/mail/testing';
import { examineMail } from './mail';

const dir = mkdtempSync(join(tmpdir(), 'doctor-mail-'));
const trusted = tls.getCACertificates('default');
const certificate = makeCertificate(dir);
let smtp: TestSmtp;
beforeEach(() => tls.setDefaultCACertificates([...trusted, certificate.cert.toString()]));
afterEach(() => smtp?.close());
afterAll(() => {
  tls.setDefaultCACertificates(trusted);
  rmSync(dir, { recursive: true });
});

async function found(url: string, more: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const env = {
    SMTP_URL: url,
    MAIL_FROM: 'coldroom@example.org',
    MAIL_ADMINS: 'admin@example.org',
    COLDROOM_URL: 'https://facility.example.org/',
    ...more,
  };
  return (await examineMail(env)).map(({ level, about, found: text, next }) => `${level} ${about}: ${text} -> ${next}`);
}

test('without SMTP_URL mail is off, and that is no fault', async () => {
  expect(await examineMail({ MAIL_FROM: 'x' })).toMatchObject([
    { level: 'ok', found: expect.stringContaining('is off: SMTP_URL is not set') },
  ]);
});

test('it connects, uses STARTTLS, signs in, and sends no mail', async () => {
  smtp = await TestSmtp.start({ certificate, password: 'right' });
  expect(await found(`smtp://coldroom:right@localhost:${smtp.port}`)).toEqual([
    expect.stringMatching(/^ok mail: localhost:\d+ answers and accepts the password/),
  ]);
  expect([smtp.conversations, smtp.accepted]).toEqual([1, []]);
});

test('a wrong password, no STARTTLS, an unknown certificate and no server have advice of their own', async () => {
  smtp = await TestSmtp.start({ certificate, password: 'right' });
  expect(await found(`smtp://coldroom:wrong@localhost:${smtp.port}`)).toEqual([
    expect.stringMatching(/^fault mail: localhost:\d+ cannot be used: 535 .* -> correct user and password/),
  ]);
  tls.setDefaultCACertificates(trusted);
  expect(await found(`smtp://localhost:${smtp.port}`)).toEqual([expect.stringContaining('NODE_EXTRA_CA_CERTS')]);
  expect(await found(`smtps://localhost:${smtp.port}`)).toEqual([expect.stringContaining('smtps:// is for ports')]);
  const { port } = smtp;
  await smtp.close();
  expect(await found(`smtp://localhost:${port}`)).toEqual([expect.stringContaining('-> check host and port')]);
  expect(await found('smtp://no-such-host.invalid')).toEqual([expect.stringContaining('-> correct the host name')]);
  smtp = await TestSmtp.start();
  expect(await found(`smtp://localhost:${smtp.port}`)).toEqual([
    expect.stringContaining('the server offers no STARTTLS'),
  ]);
});

test('settings that the notifier would refuse are faults', async () => {
  expect(await found('smtp://localhost?tls=yes')).toEqual([expect.stringMatching(/^fault mail: .*tls=yes/)]);
  expect(await found('smtp://localhost', { MAIL_FROM: '', MAIL_ADMINS: ', ,' })).toEqual([
    expect.stringContaining('MAIL_FROM is not set'),
    expect.stringContaining('MAIL_ADMINS must name at least one address'),
  ]);
  expect(await found('smtp://localhost', { MAIL_ADMINS: 'a@b@c' })).toEqual([
    expect.stringContaining('no e-mail address'),
  ]);
});

test("a site's templates that cannot be used, or that no mail uses, are named", async () => {
  smtp = await TestSmtp.start();
  const templates = mkdtempSync(join(dir, 'templates-'));
  const url = `smtp://localhost:${smtp.port}?tls=none`;
  writeFileSync(join(templates, 'declined.txt'), 'Subject: No\n\nHello');
  expect(await found(url, { MAIL_TEMPLATES: templates })).toContainEqual(expect.stringMatching(/^ok mail templates/));
  writeFileSync(join(templates, 'approved.txt'), 'Subject: {{#open}}\n\n');
  writeFileSync(join(templates, 'aproved.html'), '<p>');
  const all = (await found(url, { MAIL_TEMPLATES: templates })).filter((line) => line.startsWith('warning'));
  expect(all).toEqual([
    expect.stringMatching(/No mail uses the template aproved.html/),
    expect.stringMatching(/approved.txt .*Unclosed section "open"/),
  ]);
  expect(await found(url, { MAIL_TEMPLATES: join(dir, 'none') })).toContainEqual(expect.stringContaining('(ENOENT)'));
});
