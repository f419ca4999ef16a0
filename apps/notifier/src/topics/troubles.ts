import { Injectable } from '@nestjs/common';
import type { TemplateName } from '@coldroom/mail';
import { troubleEvents, type Facts, type MailEvent, type MailPlan, type NewMail } from '@coldroom/register';
import { counted, formatBytes, formatCount, formatTime } from '@coldroom/terminal';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

const audit = 'audit finding';
const templates: Readonly<Record<string, TemplateName>> = {
  'store unavailable': 'store-unavailable',
  'store filling up': 'store-filling-up',
  'buffer filling up': 'buffer-filling-up',
  silent: 'silent',
  'backup failed': 'backup-failed',
  'backup old': 'backup-old',
  'drill failed': 'drill-failed',
};

/** Something that administrators have to look at was found, or is over. */
@Injectable()
export class TroubleReports implements Topic {
  readonly name = 'troubles';
  readonly events = Object.values(troubleEvents);

  constructor(
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  /** All that one audit found is one mail; that a finding is gone, whoever repeated the audit has seen. */
  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const [ofAudits, others] = [
      events.filter((event) => kindOf(event) === audit),
      events.filter((event) => kindOf(event) !== audit),
    ];
    const found = ofAudits.filter(({ what }) => what === troubleEvents.found);
    return {
      handled: idsOf(events),
      mails: [...others.flatMap((event) => this.mailsOf(event)), ...(found.length > 0 ? this.auditMail(found) : [])],
    };
  }

  private mailsOf(event: MailEvent): readonly NewMail[] {
    const template = event.what === troubleEvents.over ? 'trouble-over' : templates[kindOf(event)];
    if (template === undefined) return [];
    const facts = { ...this.factsOf(event), ...this.facts.link('') };
    return mailTo(this.recipients.administrators(), { reason: `${template}:${event.id}`, template, facts });
  }

  private factsOf({ at, code, detail }: MailEvent): Facts {
    const { store, buffer, service, reason, directory, free, total, since, shown } = (detail ?? {}) as Record<
      string,
      string
    >;
    return {
      what: wordsFor(detail),
      at: formatTime(at),
      ...(since === undefined ? {} : { since: formatTime(new Date(since)) }),
      store,
      buffer,
      service,
      database: databaseIn(detail),
      place: shown,
      code,
      reason: reason ?? null,
      directory,
      ...(free === undefined ? {} : { free: formatBytes(BigInt(free)), total: formatBytes(BigInt(total ?? 0)) }),
    };
  }

  private auditMail(events: readonly MailEvent[]): readonly NewMail[] {
    const list = events.map(({ code, detail }) => {
      const { title, total, examples } = detail as { title: string; total: number; examples: readonly object[] };
      const more = total - examples.length;
      return { code, title, count: formatCount(total), examples, ...(more > 0 ? { more: formatCount(more) } : {}) };
    });
    const total = events.reduce((sum, { detail }) => sum + Number(detail?.['total']), 0);
    const facts = { findings: counted(total, 'finding'), list, ...this.facts.link('') };
    const reason = `audit-finding:${events.at(-1)?.id}`;
    return mailTo(this.recipients.administrators(), { reason, template: 'audit-finding', facts });
  }
}

function kindOf({ detail }: MailEvent): string {
  return String(detail?.['kind']);
}

function wordsFor(detail: MailEvent['detail']): string {
  const { kind, store, buffer, service, shown } = (detail ?? {}) as Record<string, string>;
  if (detail?.['left'] === true)
    return `The backup of ${databaseIn(detail)} to ${shown} was not set up for the last run`;
  if (kind === 'drill failed') return 'The newest backup can be restored again';
  if (kind === 'backup failed' || kind === 'backup old') return `The backup of ${databaseIn(detail)} succeeds again`;
  if (kind === 'silent') return `The service ${service} reports again`;
  if (kind === 'buffer filling up') return `The buffer ${buffer} has enough space again`;
  return kind === 'store filling up'
    ? `The store ${store} has enough space again`
    : `The store ${store} is available again`;
}

const databaseIn = (detail: MailEvent['detail']): string =>
  detail?.['database'] === 'omero' ? "OMERO's database" : 'the register';
