import { Injectable } from '@nestjs/common';
import { Register, type Facts, type MailEvent, type MailPlan, type NewMail } from '@coldroom/register';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

const templates = { approve: 'approved', decline: 'declined', reopen: 'closure-grew' } as const;

/** A request was approved or declined, or it grew after its approval and has to be approved again. */
@Injectable()
export class Decisions implements Topic {
  readonly name = 'decisions';
  readonly events = Object.keys(templates);

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const mails: NewMail[] = [];
    for (const event of events) mails.push(...(await this.mailsOf(event)));
    return { handled: idsOf(events), mails };
  }

  private async mailsOf({ id, what, actor, requestId, detail }: MailEvent): Promise<readonly NewMail[]> {
    const request = requestId === null ? undefined : await this.register.requests.get(requestId);
    if (!request) return [];
    const template = templates[what as keyof typeof templates];
    const facts: Facts = { ...this.facts.of(request), by: actor, ...detail };
    const recipients = [
      ...(await this.recipients.ofRequest(request)),
      // A request that grew waits for them again.
      ...(what === 'reopen' ? await this.recipients.having('manager') : []),
    ];
    return mailTo(recipients, { reason: `${template}:${id}`, template, facts });
  }
}
