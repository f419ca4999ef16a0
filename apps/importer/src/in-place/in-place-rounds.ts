import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RoundLoop } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { InPlaceRound } from './in-place-round';

/** A look at the start and one each hour; one importer at a time does so. */
@Injectable()
export class InPlaceRounds extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'imports in place not looked at';
  protected readonly pauseMs = 3_600_000;

  constructor(
    private readonly look: InPlaceRound,
    private readonly register: Register,
    protected readonly log: Log,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  protected async round(stop: AbortSignal): Promise<void> {
    await this.register.alone('imports in place', () => this.look.run(stop));
  }
}
