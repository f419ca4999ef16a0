import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RoundLoop } from '@coldroom/pipeline';
import { Log } from '@coldroom/runtime';
import { Leftovers } from './leftovers';
import { WorkDirectory } from './work-directory';

const signEveryMs = 60_000;
const roundsBetween = 60;

/** Signs the directory of this process every minute, and looks for leftovers at the start and once an hour. */
@Injectable()
export class LeftoverRounds extends RoundLoop implements OnApplicationBootstrap, OnApplicationShutdown {
  protected readonly failure = 'leftovers not removed';
  protected readonly pauseMs = signEveryMs;
  private begun = 0;

  constructor(
    private readonly work: WorkDirectory,
    private readonly leftovers: Leftovers,
    protected readonly log: Log,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  /** After all work has ended: nothing of `omero` runs any longer. */
  async onApplicationShutdown(): Promise<void> {
    await this.work.remove();
  }

  protected async round(): Promise<void> {
    await this.work.sign();
    if (this.begun++ % roundsBetween === 0) await this.leftovers.remove();
  }
}
