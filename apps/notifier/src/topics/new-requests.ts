import { Injectable } from '@nestjs/common';
import { Register, type MailEvent, type MailPlan, type PendingEvents } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

/** A scanner that died in a scan must not keep its requests from being reported. */
const longestScanMs = 15 * 60_000;
const shown = 20;

/** New requests wait for a decision: one mail for all that a scan made. */
@Injectable()
export class NewRequests implements Topic {
  readonly name = 'new requests';
  readonly events = ['scan', 'objections over'];

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  readonly isDue = async (oldest: Date): Promise<boolean> =>
    Date.now() - oldest.getTime() >= longestScanMs || !(await this.register.scans.isUnderWay());

  /** Requests that someone has decided meanwhile are left out. */
  async plan(events: readonly MailEvent[], { requestIds }: PendingEvents): Promise<MailPlan> {
    const handled = idsOf(events);
    const waiting = await this.register.mailFacts.waitingAmong(requestIds, shown);
    if (waiting.requests === 0) return { handled, mails: [] };
    const notes = await this.register.requests.notes(waiting.shown.map(({ id }) => id));
    const more = waiting.requests - waiting.shown.length;
    const facts = {
      requests: counted(waiting.requests, 'request'),
      images: counted(waiting.images, 'image'),
      size: formatBytes(waiting.bytes),
      list: waiting.shown.map((request) => this.facts.of(request, notes.get(request.id))),
      ...(more > 0 ? { more: counted(more, 'other request') } : {}),
      ...this.facts.link('requests'),
    };
    const mail = { reason: `new-requests:${handled.at(-1)}`, template: 'new-requests', facts } as const;
    return { handled, mails: mailTo(await this.recipients.having('manager'), mail) };
  }
}
