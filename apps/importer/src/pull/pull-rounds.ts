import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Imports, type Instrument } from '@coldroom/buffers';
import { codeOf, messageOf } from '@coldroom/domain';
import { Log } from '@coldroom/runtime';
import { PullRound } from './pull-round';

const lookMs = 2000;

/** Pulls from all instruments, each in its own time: one that is slow does not delay the others. */
@Injectable()
export class PullRounds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly imports: Imports,
    private readonly round: PullRound,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.running = Promise.all(this.imports.instruments.map((instrument) => this.rounds(instrument, this.stop.signal)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async rounds(instrument: Instrument, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.round.run(instrument, stop);
      } catch (error) {
        const [code, reason] = [codeOf(error), messageOf(error)];
        this.log.warn('pull failed', { instrument: instrument.name, code, reason, next: 'it will be retried' });
      }
      await sleep(lookMs, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
  }
}
