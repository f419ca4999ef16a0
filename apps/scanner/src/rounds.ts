import { Injectable } from '@nestjs/common';
import { RoundLoop } from '@coldroom/pipeline';
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
export class Rounds extends RoundLoop {
  protected readonly failure = 'round failed';
  protected readonly pauseMs: number;
  private nextScan = 0;

  constructor(
    private readonly pace: Pace,
    private readonly scans: Round,
    private readonly metrics: RegisterMetrics,
    private readonly register: Register,
    protected readonly log: Log,
  ) {
    super();
    this.pauseMs = pace.roundMs;
  }

  protected async round(stop: AbortSignal): Promise<void> {
    await this.register.alone(scannerTask, async () => {
      await this.scanIfDue(stop);
      await this.register.services.advanced(by);
    });
  }

  private async scanIfDue(stop: AbortSignal): Promise<void> {
    if (Date.now() >= this.nextScan) {
      this.nextScan = Date.now() + this.pace.scanMs;
      await this.register.scans.ask(by);
    }
    await this.scans.run(stop);
    await this.metrics.show();
  }
}
