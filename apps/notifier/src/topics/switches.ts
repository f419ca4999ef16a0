import { Injectable } from '@nestjs/common';
import type { Facts, MailEvent, MailPlan } from '@coldroom/register';
import type { TemplateName } from '@coldroom/mail';
import { formatTime } from '@coldroom/terminal';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

/** Something was stopped, by a person or by a breaker, or resumed. */
@Injectable()
export class Switches implements Topic {
  readonly name = 'switches';
  readonly events = ['stop', 'resume'];

  constructor(
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const mails = events.flatMap((event) => {
      const template = templateOf(event);
      const facts = this.factsOf(event);
      return facts === undefined
        ? []
        : mailTo(this.recipients.administrators(), { reason: `${template}:${event.id}`, template, facts });
    });
    return { handled: idsOf(events), mails };
  }

  /** Undefined for a resume that had nothing to resume. */
  private factsOf({ at, actor, what, detail }: MailEvent): Facts | undefined {
    const { switch: stopped, switches = [], reason } = (detail ?? {}) as Record<string, unknown>;
    const parts = what === 'stop' ? [String(stopped)] : (switches as readonly string[]);
    if (parts.length === 0) return undefined;
    return {
      parts: parts.map(nameOf).join(', '),
      by: actor,
      reason: reason ?? null,
      at: formatTime(at),
      ...this.facts.link('requests'),
    };
  }
}

function templateOf({ what, actor }: MailEvent): TemplateName {
  if (what === 'resume') return 'resumed';
  return actor === 'breaker' ? 'breaker-tripped' : 'stopped';
}

function nameOf(part: string): string {
  return part === 'all' ? 'everything' : part.replace(':', ' ');
}
