import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import type { Certificate } from './certificate';
import { headersOf, partOf } from './read-mail';

export interface AcceptedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** The head of the mail with unfolded lines, by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly raw: string;
  readonly text: string;
  readonly html: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface SmtpReply {
  readonly code: number;
  readonly text: string;
}

interface Options {
  readonly certificate?: Certificate;
  /** TLS from the first byte. */
  readonly smtps?: boolean;
  readonly password?: string;
  readonly port?: number;
}

/** A real SMTP server for tests, which keeps what it accepts and can be made to refuse, to be slow and to die. */
export class TestSmtp {
  readonly accepted: AcceptedMail[] = [];
  /** Called for each recipient; a reply refuses it. */
  onRecipient: ((address: string) => SmtpReply | undefined) | undefined;
  /** Called after the last byte of a mail, before it is accepted; a reply refuses it. */
  onMessage: ((to: readonly string[]) => Promise<SmtpReply | undefined>) | undefined;
  conversations = 0;
  private readonly server: SMTPServer;

  private constructor({ certificate, smtps = false, password }: Options) {
    this.server = new SMTPServer({
      secure: smtps,
      ...(certificate ? { key: certificate.key, cert: certificate.cert } : {}),
      disabledCommands: [...(certificate ? [] : ['STARTTLS']), ...(password === undefined ? ['AUTH'] : [])],
      authOptional: password === undefined,
      closeTimeout: 100,
      onConnect: (_session, done) => {
        this.conversations += 1;
        done();
      },
      onAuth: (auth, _session, done) =>
        auth.password === password
          ? done(null, { user: auth.username })
          : done(failure({ code: 535, text: 'wrong password' })),
      onRcptTo: ({ address }, _session, done) => {
        const reply = this.onRecipient?.(address);
        done(reply ? failure(reply) : null);
      },
      onData: (stream, session, done) => {
        this.take(stream, session).then((reply) => done(reply ? failure(reply) : null), done);
      },
    });
    this.server.on('error', () => undefined); // connections that tests break
  }

  static async start(options: Options = {}): Promise<TestSmtp> {
    const smtp = new TestSmtp(options);
    await new Promise<void>((resolve) => smtp.server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return smtp;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  /** Breaks every open connection, as if the server had died. */
  die(): void {
    for (const connection of this.server.connections as unknown as Set<{ _socket: { destroy(): void } }>)
      connection._socket.destroy();
  }

  async close(): Promise<void> {
    this.die();
    await new Promise<void>((resolve) => this.server.close(resolve));
  }

  private async take(stream: Readable, session: SMTPServerSession): Promise<SmtpReply | undefined> {
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    const { mailFrom, rcptTo } = session.envelope;
    const to = rcptTo.map(({ address }) => address);
    const reply = await this.onMessage?.(to);
    if (reply) return reply;
    const raw = Buffer.concat(parts).toString();
    this.accepted.push({
      from: mailFrom ? mailFrom.address : '',
      to,
      headers: headersOf(raw),
      raw,
      text: partOf(raw, 'text/plain'),
      html: partOf(raw, 'text/html'),
      secure: session.secure,
      user: session.user,
    });
    return undefined;
  }
}

function failure({ code, text }: SmtpReply): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
