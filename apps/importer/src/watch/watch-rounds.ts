import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { WatchRound, watchTask } from './watch-round';

/** How often watched buffers are looked at, in milliseconds. */
export class WatchPace {
  constructor(readonly ms: number) {}
}

/** One round after the other; one importer at a time does so. */
@Injectable()
export class WatchRounds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly round: WatchRound,
    private readonly pace: WatchPace,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.rounds(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async rounds(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.register.alone(watchTask, () => this.round.run(stop));
      } catch (error) {
        this.log.warn('watch failed', { code: codeOf(error), reason: messageOf(error), next: 'it will be retried' });
      }
      await sleep(this.pace.ms, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
  }
}
