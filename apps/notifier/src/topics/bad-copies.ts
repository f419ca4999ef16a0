import { Injectable } from '@nestjs/common';
import { Register, type MailEvent, type MailPlan, type PendingEvents } from '@coldroom/register';
import { counted } from '@coldroom/terminal';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

const hourMs = 3_600_000;
const shown = 10;

/** A fixity check read copies that are bad: one mail an hour at most, about those that were not known as bad before. */
@Injectable()
export class BadCopies implements Topic {
  readonly name = 'bad copies';
  readonly events = ['copy bad'];

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  readonly isDue = async (): Promise<boolean> => {
    const last = await this.register.outbox.lastQueued('bad-copies');
    return !last || Date.now() - last.getTime() >= hourMs;
  };

  async plan(events: readonly MailEvent[], { count }: PendingEvents): Promise<MailPlan> {
    const handled = idsOf(events);
    const news = events.filter(({ detail, code }) => detail?.['before'] !== code);
    if (news.length === 0) return { handled, mails: [] };
    const first = news.slice(0, shown);
    const copies = news.length + (count - events.length);
    const files = await Promise.all(first.map(async (event) => this.line(event)));
    const facts = {
      files: counted(copies, 'file'),
      list: files,
      ...(copies > first.length ? { more: counted(copies - first.length, 'other file') } : {}),
      command: `coldroom verify File:${news
        .slice(0, shown)
        .map(({ fileId }) => fileId)
        .join(',')}`,
      ...this.facts.link('requests'),
    };
    const mail = { reason: `bad-copies:${handled.at(-1)}`, template: 'bad-copies', facts } as const;
    return { handled, mails: mailTo(this.recipients.administrators(), mail) };
  }

  private async line({ fileId, code, detail }: MailEvent): Promise<Readonly<Record<string, unknown>>> {
    const file = fileId === null ? undefined : await this.register.reports.file(fileId);
    return { file: String(fileId), path: file?.path ?? null, code, reason: detail?.['reason'] ?? null };
  }
}
