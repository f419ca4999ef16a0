import { Inject, Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { queuedMails } from './metrics';
import type { Topic } from './topics/topic';

export const TOPICS = Symbol('topics');

/** Turns new events into mails in the outbox. */
@Injectable()
export class Collector {
  constructor(
    private readonly register: Register,
    @Inject(TOPICS) private readonly topics: readonly Topic[],
    private readonly log: Log,
  ) {}

  async begin(): Promise<void> {
    await this.register.mailEvents.begin();
  }

  /** A topic that fails is tried again in the next round, and does not stop the others. */
  async run(): Promise<void> {
    for (const topic of this.topics) {
      try {
        while ((await this.once(topic)) > 0);
      } catch (error) {
        const [code, reason] = [codeOf(error), messageOf(error)];
        this.log.error('mails not planned', { topic: topic.name, code, reason, next: 'it will be retried' });
      }
    }
    await this.register.mailEvents.settle(this.topics);
  }

  private async once(topic: Topic): Promise<number> {
    const { handled, queued } = await this.register.mailEvents.collect(topic, (events, all) => topic.plan(events, all));
    if (queued > 0) {
      queuedMails.inc({ topic: topic.name }, queued);
      this.log.info('mails queued', { topic: topic.name, events: handled, mails: queued });
    }
    return handled;
  }
}
