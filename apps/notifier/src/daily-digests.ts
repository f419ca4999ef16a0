import { Inject, Injectable } from '@nestjs/common';
import { Templates } from '@coldroom/mail';
import { Register, type Gathered, type GatheredMail, type NewMail } from '@coldroom/register';
import { lastTime, Log } from '@coldroom/runtime';
import { counted } from '@coldroom/terminal';
import { NOTIFIER_SITE, type Site } from './notifier-settings';
import { Recipients } from './recipients';
import { rendered } from './render';
import { RequestFacts } from './request-facts';
import { mailTo } from './topics/topic';

const shown = 50;

/** One mail a day for people who chose that, instead of all that was gathered for them. */
@Injectable()
export class DailyDigests {
  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
    private readonly templates: Templates,
    private readonly log: Log,
    @Inject(NOTIFIER_SITE) private readonly site: Site,
  ) {}

  async run(now = new Date()): Promise<void> {
    const until = lastTime(this.site.digestAt, now);
    for (;;) {
      const due = await this.register.mailDigests.due(until);
      for (const recipient of due)
        await this.register.mailDigests.replace(recipient, { until, shown }, (gathered) => this.digestOf(gathered));
      if (due.length === 0) return;
    }
  }

  private async digestOf({ recipient, count, shown: first, last }: Gathered): Promise<NewMail> {
    const facts = {
      count: counted(count, 'message'),
      list: await Promise.all(first.map(async (mail) => this.line(mail))),
      ...(count > first.length ? { more: counted(count - first.length, 'other message') } : {}),
      ...this.facts.link('me'),
    };
    const [mail] = mailTo([await this.recipients.byKey(recipient, first[0]?.name ?? null)], {
      reason: `digest:${last}`,
      template: 'digest',
      facts,
    });
    return { ...(mail as NewMail), always: true };
  }

  private async line({ template, facts }: GatheredMail): Promise<Readonly<Record<string, unknown>>> {
    const { subject } = await rendered(this.templates.withoutPrefix(), { template, facts }, this.log);
    return { subject, link: facts['link'] ?? null }; // without null, the digest's own link would be in its place
  }
}
