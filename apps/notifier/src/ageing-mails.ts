import { Injectable } from '@nestjs/common';
import { Register, type AgeingOfPerson, type NewMail, type Recipient } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { dateOf } from './dates';
import { ImportFacts } from './import-facts';
import { Recipients } from './recipients';
import { mailTo } from './topics/topic';

const dayMs = 86_400_000;
const soonMs = 7 * dayMs;
const shown = 20;

/** One mail a week for each person with data in a buffer that was never imported and is old, and one for data managers. */
@Injectable()
export class AgeingMails {
  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: ImportFacts,
  ) {}

  async of(now: Date): Promise<readonly NewMail[]> {
    const people = await this.register.imports.unimported.ageing(soonMs, shown);
    if (people.length === 0) return [];
    // Weeks begin on Mondays.
    const reason = `buffer-ages:${Math.floor((now.getTime() + 3 * dayMs) / (7 * dayMs))}`;
    const mails: NewMail[] = [];
    for (const person of people)
      mails.push(...this.mail([await this.recipients.byLogin(person.login)], [person], `${reason}:own`));
    mails.push(...this.mail(await this.recipients.having('manager'), people, `${reason}:all`));
    return mails;
  }

  private mail(
    recipients: readonly Recipient[],
    people: readonly AgeingOfPerson[],
    reason: string,
  ): readonly NewMail[] {
    const count = people.reduce((sum, each) => sum + each.count, 0);
    const list = people
      .flatMap(({ login, shown: theirs }) =>
        theirs.map(({ display, files, bytes, changedAt }) => ({
          source: display,
          files: counted(files, 'file'),
          size: formatBytes(bytes),
          changed: dateOf(changedAt),
          login: reason.endsWith(':all') ? login : null,
        })),
      )
      .slice(0, shown);
    const facts = {
      sets: counted(count, 'set'),
      size: formatBytes(people.reduce((sum, each) => sum + each.bytes, 0n)),
      list,
      ...(count > list.length ? { more: counted(count - list.length, 'other set') } : {}),
      ...this.facts.all(),
    };
    return mailTo(recipients, { reason, template: 'buffer-ages', facts });
  }
}
