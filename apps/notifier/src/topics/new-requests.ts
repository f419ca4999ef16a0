import { Injectable } from '@nestjs/common';
import { Register, type MailEvent, type MailPlan, type RequestSummary } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

/** A scanner that died in a scan must not keep its requests from being reported. */
const longestScanMs = 15 * 60_000;
const shown = 50;

/** New requests wait for a decision: one mail for all that a scan made. */
@Injectable()
export class NewRequests implements Topic {
  readonly name = 'new requests';
  readonly events = ['scan'];

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const oldest = events[0]?.at.getTime() ?? 0;
    if ((await this.register.scans.isUnderWay()) && Date.now() - oldest < longestScanMs)
      return { handled: [], mails: [] };
    const requests = await this.waiting(events);
    const handled = idsOf(events);
    if (requests.length === 0) return { handled, mails: [] };
    const facts = {
      requests: counted(requests.length, 'request'),
      images: counted(
        sum(requests, ({ images }) => images),
        'image',
      ),
      size: formatBytes(requests.reduce((total, { bytes }) => total + bytes, 0n)),
      list: requests.slice(0, shown).map((request) => this.facts.of(request)),
      ...(requests.length > shown ? { more: counted(requests.length - shown, 'other request') } : {}),
      ...this.facts.link('requests'),
    };
    const mail = { reason: `new-requests:${handled.at(-1)}`, template: 'new-requests', facts } as const;
    return { handled, mails: mailTo(await this.recipients.having('manager'), mail) };
  }

  /** Those that no one has decided meanwhile. */
  private async waiting(events: readonly MailEvent[]): Promise<readonly RequestSummary[]> {
    const found: RequestSummary[] = [];
    for (const { requestId } of events) {
      const request = requestId === null ? undefined : await this.register.requests.get(requestId);
      if (request?.state === 'New') found.push(request);
    }
    return found;
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
