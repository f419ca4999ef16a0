import { Injectable } from '@nestjs/common';
import { nextStep } from '@coldroom/operations';
import type { Facts, MailEvent, MailPlan, NewMail } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { dateOf } from '../dates';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

const templates = {
  'retrieval asked': 'retrieval-requested',
  'retrieval done': 'retrieval-done',
  'retrieval blocked': 'retrieval-blocked',
} as const;
const dayMs = 86_400_000;

/** What the register records in these events. */
interface Detail {
  readonly way: 'restore' | 'recall';
  readonly by?: string;
  readonly days?: number;
  readonly files: number;
  readonly bytes: number;
  readonly images: number;
  readonly stuck?: number;
  readonly codes?: readonly string[];
}

/** A restore or recall was requested, has ended, or waits for a person. */
@Injectable()
export class Retrievals implements Topic {
  readonly name = 'retrievals';
  readonly events = Object.keys(templates);

  constructor(
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const mails: NewMail[] = [];
    for (const event of events) {
      const template = templates[event.what as keyof typeof templates];
      const { by = event.actor } = event.detail as unknown as Detail;
      mails.push(
        ...mailTo([await this.recipients.byLogin(by)], {
          reason: `${template}:${event.id}`,
          template,
          facts: this.factsOf(event),
        }),
      );
    }
    return { handled: idsOf(events), mails };
  }

  private factsOf({ at, what, requestId, detail }: MailEvent): Facts {
    const { way, days, files, bytes, images, stuck = 0, codes = [] } = detail as unknown as Detail;
    const until = what === 'retrieval done' && days !== undefined ? new Date(at.getTime() + days * dayMs) : undefined;
    return {
      request: String(requestId),
      isRecall: way === 'recall',
      isRestore: way === 'restore',
      files: counted(files, 'file'),
      size: formatBytes(bytes),
      images: counted(images, 'image'),
      ...(days === undefined ? {} : { days: counted(days, 'day') }),
      ...(until ? { until: dateOf(until) } : {}),
      stuck: counted(stuck, 'file'),
      codes: codes.map((code) => ({ code, next: nextStep(code) })),
      ...this.facts.link(`requests/${requestId}`),
    };
  }
}
