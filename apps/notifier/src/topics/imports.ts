import { Injectable } from '@nestjs/common';
import {
  Register,
  type ImportsOfPerson,
  type MailEvent,
  type MailPlan,
  type NewMail,
  type PendingEvents,
} from '@coldroom/register';
import { counted } from '@coldroom/terminal';
import { ImportFacts } from '../import-facts';
import { Recipients } from '../recipients';
import { idsOf, mailTo, type Topic } from './topic';

const gatherMs = 60_000;
const hourMs = 3_600_000;
const shown = 20;

/**
 * Imports have ended, or have failed: one mail for each order, or one for all that ended together. After such a mail about
 * many, the next one comes an hour later at the earliest.
 */
@Injectable()
export class Imports implements Topic {
  readonly name = 'imports';
  readonly events = ['unlock', 'fail'];

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: ImportFacts,
  ) {}

  readonly isDue = async (oldest: Date): Promise<boolean> => {
    const many = await this.register.outbox.lastQueued('imports');
    return Date.now() - oldest.getTime() >= gatherMs && (!many || Date.now() - many.getTime() >= hourMs);
  };

  /** What counts is where the orders are now: one that was retried meanwhile is left out. */
  async plan(events: readonly MailEvent[], { importIds }: PendingEvents): Promise<MailPlan> {
    const handled = idsOf(events);
    const last = handled.at(-1) as bigint;
    const { mails } = this.register.imports;
    const done = await mails.among(importIds, ['done', 'emptied'], shown);
    const failed = await mails.among(importIds, ['stuck'], shown);
    const people = new Map([...done, ...failed].map(({ personId, person }) => [personId, person]));
    const made: NewMail[] = [];
    for (const [id, person] of people) {
      const recipient = await this.recipients.person(id, person);
      made.push(...this.mailTo([recipient], last, only(done, id), only(failed, id)));
    }
    const all = { count: sum(failed), shown: failed.flatMap((each) => each.shown).slice(0, shown) };
    made.push(...this.mailTo(this.recipients.administrators(), last, { count: 0, shown: [] }, all));
    return { handled, mails: made };
  }

  private mailTo(
    recipients: Parameters<typeof mailTo>[0],
    last: bigint,
    done: Orders,
    failed: Orders,
  ): readonly NewMail[] {
    const [first = failed.shown[0]] = done.shown;
    if (first === undefined) return [];
    if (done.count + failed.count === 1) {
      const template = done.count === 1 ? 'import-done' : 'import-failed';
      return mailTo(recipients, { reason: `${template}:${first.id}:${last}`, template, facts: this.facts.of(first) });
    }
    const facts = {
      imports: counted(done.count + failed.count, 'import'),
      ...this.part('done', done),
      ...this.part('failed', failed),
      ...this.facts.all(),
    };
    return mailTo(recipients, { reason: `imports:${last}`, template: 'imports', facts });
  }

  private part(name: 'done' | 'failed', { count, shown: list }: Orders): Readonly<Record<string, unknown>> {
    if (count === 0) return {};
    return {
      [name]: {
        count: counted(count, 'import'),
        list: list.map((order) => this.facts.of(order)),
        ...(count > list.length ? { more: counted(count - list.length, 'other import') } : {}),
      },
    };
  }
}

type Orders = Pick<ImportsOfPerson, 'count' | 'shown'>;

const only = (people: readonly ImportsOfPerson[], id: bigint): Orders =>
  people.find(({ personId }) => personId === id) ?? { count: 0, shown: [] };

const sum = (people: readonly ImportsOfPerson[]): number => people.reduce((total, { count }) => total + count, 0);
