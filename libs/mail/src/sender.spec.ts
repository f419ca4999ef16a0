import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { Sender, type Letter } from './sender';
import { makeCertificate, TestSmtp, type Certificate } from './testing';

const dir = mkdtempSync(join(tmpdir(), 'mail-spec-'));
const trusted = tls.getCACertificates('default');
let certificate: Certificate;
let smtp: TestSmtp;
beforeAll(() => {
  certificate = makeCertificate(dir);
  tls.setDefaultCACertificates([...trusted, certificate.cert.toString()]);
});
afterAll(() => {
  tls.setDefaultCACertificates(trusted);
  rmSync(dir, { recursive: true });
});
afterEach(() => smtp.close());

const letter: Letter = {
  to: { name: 'Alice Meyer', address: 'alice@example.org' },
  subject: 'Request 1 is approved',
  text: 'Hello\n',
  html: '<p>Hello</p>',
  messageId: 'abc',
  date: new Date(0),
};

function sender(rest = '', { user = '', scheme = 'smtp', silenceMs = 5000 } = {}): Sender {
  return new Sender({
    url: `${scheme}://${user}localhost:${smtp.port}${rest}`,
    from: { name: 'Coldroom', address: 'coldroom@example.org' },
    limits: { connectMs: 5000, silenceMs },
  });
}

describe('TLS', () => {
  it('is used with STARTTLS, and the password is sent over it', async () => {
    smtp = await TestSmtp.start({ certificate, password: 's%/@:ecret' });
    const user = `cold%40room:${encodeURIComponent('s%/@:ecret')}@`;
    expect(await sender('', { user }).send(letter)).toMatch(/^250 /);
    expect(smtp.accepted).toMatchObject([{ secure: true, user: 'cold@room', from: 'coldroom@example.org' }]);
  });

  it('is used from the first byte with smtps', async () => {
    smtp = await TestSmtp.start({ certificate, smtps: true });
    await sender('', { scheme: 'smtps' }).send(letter);
    expect(smtp.accepted).toMatchObject([{ secure: true }]);
  });

  it('is required: a server without it gets neither mail nor password', async () => {
    smtp = await TestSmtp.start();
    await expect(sender().send(letter)).rejects.toMatchObject({ code: 'MAIL_SERVER_UNAVAILABLE', kind: 'transient' });
    expect(smtp.accepted).toEqual([]);
  });

  it('is left out where the setting permits that', async () => {
    smtp = await TestSmtp.start();
    await sender('?tls=optional').send(letter);
    await sender('?tls=none').send(letter);
    expect(smtp.accepted).toMatchObject([{ secure: false }, { secure: false }]);
  });

  it('needs a certificate that is trusted', async () => {
    smtp = await TestSmtp.start({ certificate });
    tls.setDefaultCACertificates(trusted);
    try {
      await expect(sender().send(letter)).rejects.toMatchObject({ code: 'MAIL_SERVER_UNAVAILABLE' });
    } finally {
      tls.setDefaultCACertificates([...trusted, certificate.cert.toString()]);
    }
    expect(smtp.accepted).toEqual([]);
  });
});

describe('what the server answers', () => {
  beforeEach(async () => {
    smtp = await TestSmtp.start();
  });
  const plain = (): Sender => sender('?tls=none', { silenceMs: 500 });

  it.each([
    [450, 'MAIL_DEFERRED', 'transient'],
    [550, 'MAIL_REFUSED', 'refused'],
  ])('%i to a recipient is %s', async (code, ours, kind) => {
    smtp.onRecipient = () => ({ code, text: 'not this mailbox' });
    await expect(plain().send(letter)).rejects.toMatchObject({ code: ours, kind, message: `${code} not this mailbox` });
  });

  it.each([
    [452, 'MAIL_DEFERRED'],
    [554, 'MAIL_REFUSED'],
  ])('%i to the content is %s', async (code, ours) => {
    smtp.onMessage = async () => ({ code, text: 'not this content' });
    await expect(plain().send(letter)).rejects.toMatchObject({ code: ours, message: `${code} not this content` });
  });

  it('a wrong password is no refusal of the mail', async () => {
    await smtp.close();
    smtp = await TestSmtp.start({ certificate, password: 'right' });
    await expect(sender('', { user: 'coldroom:wrong@' }).send(letter)).rejects.toMatchObject({
      code: 'MAIL_SERVER_UNAVAILABLE',
      message: expect.stringContaining('535'),
    });
  });

  it('a server that is silent or dies after the last byte deferred the mail', async () => {
    smtp.onMessage = async () => {
      await sleep(2000);
      return undefined;
    };
    await expect(plain().send(letter)).rejects.toMatchObject({ code: 'MAIL_DEFERRED' });
    smtp.onMessage = async () => {
      smtp.die();
      return { code: 451, text: 'never sent' };
    };
    await expect(plain().send(letter)).rejects.toMatchObject({ code: 'MAIL_DEFERRED' });
  });

  it('a server that dies before the last byte is not available', async () => {
    const beforeEnd = async (): Promise<void> => {
      smtp.die();
      await sleep(200);
    };
    smtp.onRecipient = () => {
      smtp.die();
      return undefined;
    };
    await expect(plain().send({ ...letter, beforeEnd })).rejects.toMatchObject({ code: 'MAIL_SERVER_UNAVAILABLE' });
    expect(smtp.accepted).toEqual([]);
  });

  it('no server at all is one that is not available', async () => {
    const port = smtp.port;
    await smtp.close();
    smtp = await TestSmtp.start();
    const nowhere = new Sender({
      url: `smtp://localhost:${port}?tls=none`,
      from: { name: '', address: 'a@example.org' },
    });
    await expect(nowhere.send(letter)).rejects.toMatchObject({ code: 'MAIL_SERVER_UNAVAILABLE' });
  });
});

describe('the last byte', () => {
  beforeEach(async () => {
    smtp = await TestSmtp.start();
  });

  it('is sent after beforeEnd has resolved', async () => {
    const seen: string[] = [];
    smtp.onMessage = async () => {
      seen.push('message');
      return undefined;
    };
    const beforeEnd = async (): Promise<void> => {
      await sleep(200);
      seen.push('marked');
    };
    await sender('?tls=none').send({ ...letter, beforeEnd });
    expect(seen).toEqual(['marked', 'message']);
  });

  it('is not sent if beforeEnd fails, and its error is thrown as it is', async () => {
    const error = Object.assign(new Error('lost'), { code: 'CLAIM_LOST' });
    await expect(sender('?tls=none').send({ ...letter, beforeEnd: () => Promise.reject(error) })).rejects.toBe(error);
    expect(error.code).toBe('CLAIM_LOST');
    await sleep(200);
    expect(smtp.accepted).toEqual([]);
  });
});

test('names and subjects are data: they make no headers and no recipients', async () => {
  smtp = await TestSmtp.start();
  await sender('?tls=none').send({
    ...letter,
    to: { name: 'Ann "Evil" <x@example.com>,\r\nBcc: eve@example.org', address: 'alice@example.org' },
    subject: 'A\r\nBcc: eve@example.org\r\n\r\nbody Ü \u{1f52c}',
  });
  const [mail] = smtp.accepted;
  expect(mail?.to).toEqual(['alice@example.org']);
  expect(mail?.headers.has('bcc')).toBe(false);
  expect(mail?.headers.get('to')).toMatch(/<alice@example\.org>$/);
  expect(mail?.headers.get('subject')).toBe('A Bcc: eve@example.org body Ü \u{1f52c}');
  expect(mail?.headers.get('message-id')).toBe('<abc@example.org>');
  expect([mail?.text.trim(), mail?.html.trim()]).toEqual(['Hello', '<p>Hello</p>']);
});

test.each([
  ['Zoë "Zo" <b>', 'müller@example.org', 'müller@example.org'],
  ['', 'anna@bücher.example', 'anna@bücher.example'], // sent as xn--bcher-kva.example, which the server decodes
  ['\u202eevil\u0000', "o'brien+x@example.org", "o'brien+x@example.org"],
])('%j <%s> gets mail', async (name, address, arrived) => {
  smtp = await TestSmtp.start();
  await sender('?tls=none').send({ ...letter, to: { name, address } });
  expect(smtp.accepted[0]?.to).toEqual([arrived]);
});

test('a recipient that the library itself refuses is refused for good, and the server stays available', async () => {
  smtp = await TestSmtp.start();
  const to = { name: '', address: 'two@example.org>\r\nRCPT TO:<eve@example.org' };
  await expect(sender('?tls=none').send({ ...letter, to })).rejects.toMatchObject({ kind: 'refused' });
  expect(smtp.accepted).toEqual([]);
});

test.each([
  ['?tls=yes', 'has tls=yes'],
  ['?ssl=1', 'not known: ssl'],
])('SMTP_URL with %s is refused', async (rest, why) => {
  smtp = await TestSmtp.start();
  expect(() => sender(rest)).toThrow(why);
});
