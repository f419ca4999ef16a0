import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RoundLoop } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { WatchRound, watchTask } from './watch-round';

/** How often watched buffers are looked at, in milliseconds. */
export class WatchPace {
  constructor(readonly ms: number) {}
}

/** One round after the other; one importer at a time does so. */
@Injectable()
export class WatchRounds extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'watch failed';
  protected readonly pauseMs: number;

  constructor(
    private readonly watch: WatchRound,
    pace: WatchPace,
    private readonly register: Register,
    protected readonly log: Log,
  ) {
    super();
    this.pauseMs = pace.ms;
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  protected async round(stop: AbortSignal): Promise<void> {
    await this.register.alone(watchTask, () => this.watch.run(stop));
  }
}
