import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register, scannerTask } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { RegisterMetrics } from './register-metrics';
import { by, Round } from './round';

/** How often the scanner scans, in milliseconds. */
export class Pace {
  constructor(
    readonly scanMs: number,
    readonly roundMs: number,
  ) {}
}

/** Runs one round after the other; only one scanner at a time does so. */
@Injectable()
export class Rounds implements BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running = Promise.resolve();
  private nextScan = 0;

  constructor(
    private readonly pace: Pace,
    private readonly round: Round,
    private readonly metrics: RegisterMetrics,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  start(): void {
    this.running = this.rounds(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async rounds(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.register.alone(scannerTask, async () => {
          await this.once(stop);
          await this.register.services.advanced(by);
        });
      } catch (error) {
        this.log.warn('round failed', { code: codeOf(error), reason: messageOf(error), next: 'it will be retried' });
      }
      await sleep(this.pace.roundMs, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
  }

  private async once(stop: AbortSignal): Promise<void> {
    if (Date.now() >= this.nextScan) {
      this.nextScan = Date.now() + this.pace.scanMs;
      await this.register.scans.ask(by);
    }
    await this.round.run(stop);
    await this.metrics.show();
  }
}
