import { setTimeout as sleep } from 'node:timers/promises';
import { BullRegistrar } from '@nestjs/bullmq';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { RedisConnection } from '@coldroom/pipeline';
import { mailStates, Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { Clock } from './clock';
import { Collector } from './collector';
import { DailyDigests } from './daily-digests';
import { MailQueue } from './mail-queue';
import { MailProcessor } from './mail.processor';
import { showMails } from './metrics';

export const ROUND_MS = Symbol('round');
/** How long the outbox keeps what was settled. */
const keptDays = 90;
const forgetEveryMs = 3_600_000;
/** How long Redis may take to release the worker, in milliseconds. */
const releaseMs = 3000;

const unsure = {
  code: 'MAIL_MAYBE_SENT',
  answer: 'the notifier ended after the last byte and before the answer: the server has probably accepted it',
};

/** One round after the other: new events become mails, and mails that are due go to the queue. */
@Injectable()
export class Rounds implements BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running = Promise.resolve();
  private started = false;
  private nextForget = 0;

  constructor(
    private readonly register: Register,
    private readonly collector: Collector,
    private readonly clock: Clock,
    private readonly digests: DailyDigests,
    private readonly queue: MailQueue,
    private readonly processor: MailProcessor,
    private readonly registrar: BullRegistrar,
    private readonly redis: RedisConnection,
    @Inject(ROUND_MS) private readonly everyMs: number,
    private readonly log: Log,
  ) {}

  /** Must be called once every startup check has passed: from then on mails are sent. */
  async start(): Promise<void> {
    if (this.stop.signal.aborted) return;
    await this.collector.begin();
    this.registrar.register();
    this.started = true;
    this.running = this.rounds(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
    await this.processor.idle();
    if (!this.started) return;
    const { worker } = this.processor;
    const closed = worker.close(!this.redis.connected).then(
      () => true,
      () => true,
    );
    if (!(await Promise.race([closed, sleep(releaseMs, false, { ref: false })])))
      worker.disconnect().catch(() => undefined); // closed anyway
  }

  private async rounds(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.part('events', async () => this.register.alone('notifier', () => this.collect()));
      await this.part('outbox', () => this.offer());
      await sleep(this.everyMs, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
  }

  private async collect(): Promise<void> {
    await this.collector.run();
    await this.part('clock', () => this.clock.run());
    await this.part('digests', () => this.digests.run());
    if (Date.now() < this.nextForget) return;
    await this.register.outbox.forget(keptDays);
    this.nextForget = Date.now() + forgetEveryMs;
  }

  private async offer(): Promise<void> {
    const { outbox } = this.register;
    const left = await outbox.recover(unsure);
    if (left.again.length > 0) this.log.info('mails sent again', { mails: left.again });
    if (left.unsure.length > 0) this.log.warn('mails maybe sent', { mails: left.unsure, next: 'coldroom mail list' });
    if (await this.queue.isLow()) await this.queue.offer(await outbox.due());
    showMails(await outbox.counts(mailStates.filter((state) => state !== 'sent' && state !== 'digested')));
  }

  private async part(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('round failed', { part: name, code, reason, next: 'it will be retried' });
    }
  }
}
