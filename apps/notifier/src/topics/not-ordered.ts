import { Injectable } from '@nestjs/common';
import { Register, type MailEvent, type MailPlan, type NewMail } from '@coldroom/register';
import { counted } from '@coldroom/terminal';
import { ImportFacts } from '../import-facts';
import { Recipients } from '../recipients';
import { idsOf, mailTo, type Topic } from './topic';

const hourMs = 3_600_000;
const shown = 20;

/** Sets of a watched buffer, or of an instrument, that were not taken: one mail an hour at most, about all of a person. */
@Injectable()
export class NotOrdered implements Topic {
  readonly name = 'imports not ordered';
  readonly events = ['import not ordered'];

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: ImportFacts,
  ) {}

  readonly isDue = async (): Promise<boolean> => {
    const last = await this.register.outbox.lastQueued('imports-not-ordered');
    return !last || Date.now() - last.getTime() >= hourMs;
  };

  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const handled = idsOf(events);
    const mails: NewMail[] = [...this.mail(this.recipients.administrators(), events)];
    for (const [login, theirs] of Map.groupBy(events, ({ detail }) => detail?.['login']))
      if (typeof login === 'string') mails.push(...this.mail([await this.recipients.byLogin(login)], theirs));
    return { handled, mails };
  }

  private mail(recipients: Parameters<typeof mailTo>[0], events: readonly MailEvent[]): readonly NewMail[] {
    const list = events.slice(0, shown);
    const facts = {
      sets: counted(events.length, 'set'),
      list: list.map(({ detail }) => ({ source: detail?.['source'] ?? '', reason: detail?.['message'] ?? '' })),
      ...(events.length > shown ? { more: counted(events.length - shown, 'other set') } : {}),
      ...this.facts.all(),
    };
    return mailTo(recipients, { reason: `not-ordered:${events.at(-1)?.id}`, template: 'imports-not-ordered', facts });
  }
}
