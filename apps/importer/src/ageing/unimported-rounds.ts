import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { RoundLoop } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { UnimportedRound } from './unimported-round';

/** A look at the start and one each day; one importer at a time does so. */
@Injectable()
export class UnimportedRounds extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'ages not read';
  protected readonly pauseMs = 86_400_000;

  constructor(
    private readonly look: UnimportedRound,
    private readonly register: Register,
    protected readonly log: Log,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  protected async round(stop: AbortSignal): Promise<void> {
    await this.register.alone('import ages', () => this.look.run(stop));
  }
}
