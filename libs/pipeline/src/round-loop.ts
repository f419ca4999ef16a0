import { setTimeout as sleep } from 'node:timers/promises';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import type { Log } from '@coldroom/runtime';

/** Work that is done again and again, with a pause after each round, until the service ends. */
export abstract class RoundLoop implements BeforeApplicationShutdown {
  protected readonly stop = new AbortController();
  private running = Promise.resolve();

  /** The event that a failed round is logged as. */
  protected abstract readonly failure: string;
  /** In milliseconds. */
  protected abstract readonly pauseMs: number;
  protected readonly pauseAfterFailureMs?: number;
  protected abstract readonly log: Log;

  /** Must end soon once `stop` is aborted. Answers `again` where more is known to wait: there is no pause then. */
  protected abstract round(stop: AbortSignal): Promise<unknown>;

  start(): void {
    this.running = this.rounds(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async rounds(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const pause = await this.once(stop);
      if (pause > 0) await sleep(pause, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
  }

  private async once(stop: AbortSignal): Promise<number> {
    try {
      return (await this.round(stop)) === 'again' ? 0 : this.pauseMs;
    } catch (error) {
      this.log.warn(this.failure, { code: codeOf(error), reason: messageOf(error), next: 'it will be retried' });
      return this.pauseAfterFailureMs ?? this.pauseMs;
    }
  }
}
