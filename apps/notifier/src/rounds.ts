import { BullRegistrar } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { closeWorkers, RedisConnection, RoundLoop } from '@coldroom/pipeline';
import { mailStates, Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { Clock } from './clock';
import { Collector } from './collector';
import { DailyDigests } from './daily-digests';
import { MailQueue } from './mail-queue';
import { MailProcessor } from './mail.processor';
import { showMails } from './metrics';
import { ReportMails } from './report-mails';

export const ROUND_MS = Symbol('round');
/** How long the outbox keeps what was settled. */
const keptDays = 90;
const forgetEveryMs = 3_600_000;

const unsure = {
  code: 'MAIL_MAYBE_SENT',
  answer: 'the notifier ended after the last byte and before the answer: the server has probably accepted it',
};

/** One round after the other: new events become mails, and mails that are due go to the queue. */
@Injectable()
export class Rounds extends RoundLoop {
  protected readonly failure = 'round failed';
  private started = false;
  private nextForget = 0;

  constructor(
    private readonly register: Register,
    private readonly collector: Collector,
    private readonly clock: Clock,
    private readonly digests: DailyDigests,
    private readonly reports: ReportMails,
    private readonly queue: MailQueue,
    private readonly processor: MailProcessor,
    private readonly registrar: BullRegistrar,
    private readonly redis: RedisConnection,
    @Inject(ROUND_MS) protected readonly pauseMs: number,
    protected readonly log: Log,
  ) {
    super();
  }

  /** Must be called once every startup check has passed: from then on mails are sent. */
  async begin(): Promise<void> {
    if (this.stop.signal.aborted) return;
    await this.collector.begin();
    this.registrar.register();
    this.started = true;
    this.start();
  }

  override async beforeApplicationShutdown(): Promise<void> {
    await super.beforeApplicationShutdown();
    await this.processor.idle();
    if (this.started) await closeWorkers([this.processor], this.redis);
  }

  protected async round(): Promise<void> {
    await this.part('events', async () => this.register.alone('notifier', () => this.collect()));
    await this.part('outbox', () => this.offer());
  }

  private async collect(): Promise<void> {
    await this.collector.run();
    await this.part('clock', () => this.clock.run());
    await this.part('digests', () => this.digests.run());
    await this.part('reports', () => this.reports.run());
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
