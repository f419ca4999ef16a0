import { Injectable } from '@nestjs/common';
import { stuckIn } from '@coldroom/operations';
import { Register, type MailEvent, type MailPlan } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import { Recipients } from '../recipients';
import { RequestFacts } from '../request-facts';
import { idsOf, mailTo, type Topic } from './topic';

const hourMs = 3_600_000;
const shownCommands = 3;

/** Files got stuck: one mail an hour at most, about all that are stuck by then. */
@Injectable()
export class StuckFiles implements Topic {
  readonly name = 'stuck files';
  readonly events = ['fail'];

  constructor(
    private readonly register: Register,
    private readonly recipients: Recipients,
    private readonly facts: RequestFacts,
  ) {}

  readonly isDue = async (): Promise<boolean> => {
    const last = await this.register.outbox.lastQueued('stuck');
    return !last || Date.now() - last.getTime() >= hourMs;
  };

  async plan(events: readonly MailEvent[]): Promise<MailPlan> {
    const handled = idsOf(events);
    if (events.every(({ importId }) => importId !== null)) return { handled, mails: [] };
    const stuck = await stuckIn(this.register);
    if (stuck.length === 0) return { handled, mails: [] };
    const facts = {
      files: counted(
        stuck.reduce((sum, { files }) => sum + files, 0),
        'file',
      ),
      list: stuck.map(({ code, files, bytes, next, commands }) => ({
        code,
        files: counted(files, 'file'),
        size: formatBytes(bytes),
        next,
        commands: commands.slice(0, shownCommands).map((command) => ({ command })),
      })),
      ...this.facts.link('requests'),
    };
    const mail = { reason: `stuck:${handled.at(-1)}`, template: 'stuck', facts } as const;
    return { handled, mails: mailTo(this.recipients.administrators(), mail) };
  }
}
