import { Inject, Injectable } from '@nestjs/common';
import { oldBackups } from '@coldroom/operations';
import { Register, type EndingRecall, type NewMail } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { AgeingMails } from './ageing-mails';
import { dateOf } from './dates';
import { ImportFacts } from './import-facts';
import { NOTIFIER_SITE, type Site } from './notifier-settings';
import { Recipients } from './recipients';
import { RequestFacts } from './request-facts';
import { mailTo } from './topics/topic';

const actor = 'notifier';
const everyMs = 60_000;
const beforeEndMs = 2 * 86_400_000;
const importsWaitMs = 86_400_000;
const importsShown = 20;

/** What no event announces: recalls that end soon, imports that wait, services that have fallen silent, and backups that are old. */
@Injectable()
export class Clock {
  private nextAt = 0;

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
    private readonly imports: ImportFacts,
    private readonly ageing: AgeingMails,
    @Inject(NOTIFIER_SITE) private readonly site: Site,
  ) {}

  /** Does nothing if it was called less than a minute ago. */
  async run(now = Date.now()): Promise<void> {
    if (now < this.nextAt) return;
    await this.remind();
    await this.noticeSilence();
    await this.noticeOldBackups();
    await this.remindOfImports(new Date(now));
    await this.register.mailEvents.queue(await this.ageing.of(new Date(now)));
    this.nextAt = now + everyMs;
  }

  private async remind(): Promise<void> {
    const mails: NewMail[] = [];
    for (const recall of await this.register.mailFacts.endingRecalls(beforeEndMs))
      mails.push(...(await this.mailsOf(recall)));
    await this.register.mailEvents.queue(mails);
  }

  private async mailsOf({
    event,
    requestId,
    by,
    until,
    files,
    bytes,
    images,
  }: EndingRecall): Promise<readonly NewMail[]> {
    const facts = {
      request: String(requestId),
      until: dateOf(until),
      images: counted(images, 'image'),
      files: counted(files, 'file'),
      size: formatBytes(bytes),
      ...this.facts.link(`requests/${requestId}`),
    };
    const reason = `recall-ends:${event}:${until.toISOString()}`;
    return mailTo([await this.recipients.byLogin(by)], { reason, template: 'recall-ends', facts });
  }

  private async noticeSilence(): Promise<void> {
    const { services, troubles } = this.register;
    // This one has just begun to report again, where it did not run for a time.
    const silent = (await services.silent(this.site.silenceMs)).filter(({ service }) => service !== 'notifier');
    await troubles.found(
      silent.map(({ service, reportedAt }) => ({
        name: `silent:${service}`,
        detail: { service, since: reportedAt.toISOString() },
      })),
      actor,
    );
    const open = (await troubles.list('silent')).map(({ name }) => name);
    await troubles.over(
      open.filter((name) => !silent.some(({ service }) => name === `silent:${service}`)),
      actor,
    );
  }

  /** Of databases of which there was a backup once; whether there ever is one, `doctor` checks. */
  private async noticeOldBackups(): Promise<void> {
    const { backupRuns, troubles } = this.register;
    const old = oldBackups(await backupRuns.states(), this.site.backupOldMs);
    await troubles.found(
      old.map(({ database, succeededAt }) => ({
        name: `backup old:${database}`,
        detail: { database, since: succeededAt.toISOString() },
      })),
      actor,
    );
    const open = (await troubles.list('backup old')).map(({ name }) => name);
    await troubles.over(
      open.filter((name) => !old.some(({ database }) => name === `backup old:${database}`)),
      actor,
    );
  }

  /** One mail a day for each person whose imports wait. */
  private async remindOfImports(now: Date): Promise<void> {
    const mails: NewMail[] = [];
    for (const { personId, person, count, shown } of await this.register.imports.mails.waiting(
      importsWaitMs,
      importsShown,
    )) {
      const facts = {
        imports: counted(count, 'import'),
        list: shown.map((order) => this.imports.of(order)),
        ...(count > shown.length ? { more: counted(count - shown.length, 'other import') } : {}),
        ...this.imports.all(),
      };
      const recipient = await this.recipients.person(personId, person);
      const reason = `imports-wait:${now.toISOString().slice(0, 10)}`;
      mails.push(...mailTo([recipient], { reason, template: 'imports-wait', facts }));
    }
    await this.register.mailEvents.queue(mails);
  }
}
