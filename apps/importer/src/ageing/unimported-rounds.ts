import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { UnimportedRound } from './unimported-round';

const dayMs = 86_400_000;

/** A look at the start and one each day; one importer at a time does so. */
@Injectable()
export class UnimportedRounds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly round: UnimportedRound,
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
        await this.register.alone('import ages', () => this.round.run(stop));
      } catch (error) {
        this.log.warn('ages not read', { code: codeOf(error), reason: messageOf(error), next: 'it will be retried' });
      }
      await sleep(dayMs, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
  }
}
