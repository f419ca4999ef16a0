import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { claimLost, codeOf, crashPoint, messageOf, Refused } from '@coldroom/domain';
import { Sender, Templates, type Letter } from '@coldroom/mail';
import { Register, type ClaimedMail, type Facts } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { rendered } from './render';
import { mailPauseMs, maySendAgain } from './retries';

export const LEASE_MS = Symbol('lease');

/** Hands one mail of the outbox to the SMTP server. */
@Injectable()
export class Delivery {
  constructor(
    private readonly register: Register,
    private readonly sender: Sender,
    private readonly templates: Templates,
    @Inject(LEASE_MS) private readonly leaseMs: number,
    private readonly log: Log,
  ) {}

  /** Does nothing with a mail that is not due, or that another notifier has. */
  async deliver(id: bigint): Promise<void> {
    const mail = await this.register.outbox.claim(id, this.leaseMs);
    if (!mail) return;
    crashPoint('mail:2-claimed');
    const renewal = setInterval(() => void this.renew(mail), this.leaseMs / 3);
    try {
      await this.handOver(mail);
    } finally {
      clearInterval(renewal);
    }
  }

  private async handOver(mail: ClaimedMail): Promise<void> {
    let answer: string;
    try {
      answer = await this.sender.send({
        ...(await rendered(this.templates, addressed(mail), this.log)),
        to: { name: mail.name, address: mail.address },
        messageId: mail.messageId,
        date: mail.createdAt,
        attachments: attachmentsOf(mail.facts),
        beforeEnd: async () => {
          if (!(await this.register.outbox.handingOver(mail))) throw claimLost(`another notifier has mail ${mail.id}`);
        },
      });
    } catch (error) {
      await this.failed(mail, error);
      return;
    }
    crashPoint('mail:4-accepted');
    await this.register.outbox.sent(mail, answer);
    crashPoint('mail:5-recorded');
    this.log.info('mail sent', { mail: mail.id, template: mail.template, attempt: mail.attempt, answer });
  }

  private async failed(mail: ClaimedMail, error: unknown): Promise<void> {
    const verdict = { code: codeOf(error), answer: messageOf(error) };
    const { id: mailId, template, attempt } = mail;
    if (verdict.code === 'CLAIM_LOST') {
      this.log.warn('mail left alone', { mail: mailId, reason: verdict.answer });
      return;
    }
    if (error instanceof Refused || !maySendAgain(mail, verdict.code)) {
      await this.register.outbox.refuse(mail, verdict);
      this.log.warn('mail refused', { mail: mailId, template, ...verdict, next: 'coldroom mail list' });
      return;
    }
    const pauseMs = mailPauseMs(attempt);
    await this.register.outbox.postpone(mail, verdict, pauseMs);
    this.log.warn('mail postponed', { mail: mailId, template, attempt, ...verdict, pauseMs });
  }

  private async renew(mail: ClaimedMail): Promise<void> {
    await this.register.outbox.renew(mail, this.leaseMs).catch(() => undefined); // the lease ends, as after a crash
  }
}

/** What the mail says to this recipient. */
function addressed({ template, facts, name, address }: ClaimedMail): {
  readonly template: string;
  readonly facts: Facts;
} {
  return { template, facts: { ...facts, name: name ?? address } };
}

function attachmentsOf({ csv }: Facts): NonNullable<Letter['attachments']> {
  const parsed = csvFile.safeParse(csv);
  return parsed.success ? [{ ...parsed.data, type: 'text/csv' }] : [];
}

/** What comes with the mail of a report. */
const csvFile = z.object({ name: z.string(), content: z.string() });
