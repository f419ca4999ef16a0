import { Inject, Injectable } from '@nestjs/common';
import { mailableReport } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { NOTIFIER_SITE, type ReportMail, type Site } from './notifier-settings';
import { mailTo } from './topics/topic';

const everyMs = 60_000;

/** Reports to the addresses of the settings, once in each period. */
@Injectable()
export class ReportMails {
  private nextAt = 0;
  /** Only saves work: the outbox takes no mail twice. */
  private readonly queued = new Set<string>();

  constructor(
    private readonly register: Register,
    @Inject(NOTIFIER_SITE) private readonly site: Site,
  ) {}

  /** Does nothing if it was called less than a minute ago. */
  async run(now = new Date()): Promise<void> {
    if (now.getTime() < this.nextAt) return;
    this.nextAt = now.getTime() + everyMs;
    for (const mail of this.site.reports ?? []) await this.once(mail, now);
  }

  private async once({ every, order, to }: ReportMail, now: Date): Promise<void> {
    const period = `${every}:${periodOf(every, now)}`;
    const reason = `report:${order.name}${order.rows === undefined ? '' : `-${order.rows}`}:${period}`;
    const key = `${reason} ${to.map(({ address }) => address).join(' ')}`;
    if (this.queued.has(key)) return;
    const facts = { ...(await mailableReport(this.register, order, now)), every };
    const recipients = to.map(({ name, address }) => ({ key: `address:${address}`, name: name || null, address }));
    await this.register.mailEvents.queue(mailTo(recipients, { reason, template: 'report', facts }));
    this.queued.add(key);
  }
}

/** The day on which the period began, in UTC; weeks begin on Mondays. */
export function periodOf(every: ReportMail['every'], now: Date): string {
  const day = new Date(now);
  if (every === 'weekly') day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  if (every === 'monthly') day.setUTCDate(1);
  return day.toISOString().slice(0, 10);
}
