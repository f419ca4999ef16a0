import { Injectable } from '@nestjs/common';
import { Register, type MailEvent, type MailPlan, type NewMail } from '@coldroom/register';
import { dateOf } from '../dates';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

/** A policy proposed archiving: the owner can object for a time. */
@Injectable()
export class Proposals implements Topic {
  readonly name = 'proposals';
  readonly events = ['propose'];

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  /** What was withdrawn meanwhile, or can no longer be, gives no mail. */
  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const mails: NewMail[] = [];
    for (const { id, requestId } of events) {
      const request = requestId === null ? undefined : await this.register.requests.get(requestId);
      if (request?.state !== 'New' || request.objectionsUntil === null) continue;
      const facts = {
        ...this.facts.of(request),
        policy: request.policyTitle ?? '',
        until: dateOf(request.objectionsUntil),
      };
      const owner = await this.recipients.person(request.ownerId, request.owner);
      mails.push(...mailTo([owner], { reason: `proposed:${id}`, template: 'proposed', facts }));
    }
    return { handled: idsOf(events), mails };
  }
}
