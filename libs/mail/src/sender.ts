import { Transform } from 'node:stream';
import { createTransport } from 'nodemailer';
import { crashPoint } from '@coldroom/domain';
import { oneLine, type Mailbox } from './addresses';
import { judgeFailure } from './judge-failure';
import { smtpOptions, type SmtpLimits } from './smtp-url';
import type { Rendered } from './templates';

/** One conversation with the server takes no longer than this, however slowly it answers. */
const longestMs = 20 * 60_000;

export interface SenderSettings {
  readonly url: string;
  readonly from: Mailbox;
  readonly limits?: SmtpLimits;
}

export interface Letter extends Rendered {
  readonly to: { readonly name: string | null; readonly address: string };
  /** The left part of the Message-ID. */
  readonly messageId: string;
  readonly date: Date;
  /** Text files that come with it. */
  readonly attachments?: readonly { readonly name: string; readonly type: string; readonly content: string }[];
  /** Called before the last byte: the server takes no mail before it. If it throws, nothing is handed over. */
  readonly beforeEnd?: () => Promise<void>;
}

/** Hands mails to an SMTP server, each in a conversation of its own. */
export class Sender {
  private readonly options: ReturnType<typeof smtpOptions>;

  constructor(private readonly settings: SenderSettings) {
    this.options = smtpOptions(settings.url, settings.limits);
  }

  /**
   * Connects, and signs in if `SMTP_URL` has a user; sends no mail. Fails with `Transient` `MAIL_SERVER_UNAVAILABLE`,
   * whose cause `smtpAdvice` explains.
   */
  async check(): Promise<void> {
    const transport = createTransport(this.options);
    try {
      await transport.verify();
    } catch (error) {
      throw judgeFailure(error);
    } finally {
      transport.close();
    }
  }

  /** Returns the server's answer once it has accepted the mail; fails as `judgeFailure` says. */
  async send({ to, subject, text, html, messageId, date, attachments = [], beforeEnd }: Letter): Promise<string> {
    const { from } = this.settings;
    const transport = createTransport(this.options);
    let stopped: unknown;
    let lastByte = false;
    transport.use('stream', (mail, done) => {
      mail.message.transform(() =>
        lastByteAfter(async () => {
          crashPoint('mail:3-all-but-the-end');
          await beforeEnd?.().catch((error: unknown) => {
            stopped = error;
            throw new Error('stopped before the last byte'); // nodemailer writes its own code into the error it gets
          });
          lastByte = true;
        }),
      );
      done();
    });
    try {
      const { response } = await transport.sendMail({
        from: { name: oneLine(from.name), address: from.address },
        to: { name: oneLine(to.name ?? ''), address: to.address },
        subject: oneLine(subject),
        text,
        html,
        messageId: `<${messageId}@${domainOf(from.address)}>`,
        date,
        attachments: attachments.map(({ name, type, content }) => ({
          filename: name,
          contentType: `${type}; charset=utf-8`,
          content,
        })),
        // No out-of-office answers.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        ...{ signal: AbortSignal.timeout(longestMs) },
      });
      return response;
    } catch (error) {
      throw stopped ?? judgeFailure(error, lastByte);
    } finally {
      transport.close();
    }
  }
}

/** Passes everything on; the end only when `before` has resolved. */
function lastByteAfter(before: () => Promise<void>): Transform {
  return new Transform({
    transform: (chunk, _encoding, passed) => passed(null, chunk),
    flush: (ended) => {
      before().then(() => ended(), ended);
    },
  });
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
