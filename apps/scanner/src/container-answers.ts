import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, messageOf, type Container } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import { RoundLoop } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

const atOnce = 20;
const keptMs = 86_400_000;
const forgetMs = 3_600_000;

/**
 * Answers which images are in the datasets, projects, plates and screens that people name in the console. People wait for
 * it, so it does not wait for a scan to end. Two scanners that answer the same question do no harm.
 */
@Injectable()
export class ContainerAnswers extends RoundLoop implements OnApplicationBootstrap {
  protected readonly failure = 'containers not answered';
  protected readonly pauseMs = 300;
  protected override readonly pauseAfterFailureMs = 5000;
  private nextForget = 0;

  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    protected readonly log: Log,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  /** Answers what was asked so far. */
  async round(): Promise<void> {
    for (const container of await this.register.containers.asked(atOnce)) {
      if (this.stop.signal.aborted) return;
      await this.register.containers.answer({ ...container, ...(await this.read(container)) });
    }
    if (Date.now() < this.nextForget) return;
    this.nextForget = Date.now() + forgetMs;
    await this.register.containers.forget(keptMs);
  }

  /** A failure is an answer, too: whoever waits reads why. */
  private async read(container: Container) {
    const nothing = { name: null, imageIds: [], code: null, reason: null };
    try {
      return { ...nothing, ...(await this.omero.container(container)) };
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('container not read', { container: `${container.kind}:${container.id}`, code, reason });
      return { ...nothing, code, reason };
    }
  }
}
