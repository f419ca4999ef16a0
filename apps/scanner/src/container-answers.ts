import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, messageOf, type Container } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

const lookMs = 300;
const afterFailureMs = 5000;
const atOnce = 20;
const keptMs = 86_400_000;
const forgetMs = 3_600_000;

/**
 * Answers which images are in the datasets, projects, plates and screens that people name in the console. People wait for
 * it, so it does not wait for a scan to end. Two scanners that answer the same question do no harm.
 */
@Injectable()
export class ContainerAnswers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;
  private nextForget = 0;

  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  /** Answers what was asked so far. */
  async once(): Promise<void> {
    for (const container of await this.register.containers.asked(atOnce)) {
      if (this.stop.signal.aborted) return;
      await this.register.containers.answer({ ...container, ...(await this.read(container)) });
    }
    if (Date.now() < this.nextForget) return;
    this.nextForget = Date.now() + forgetMs;
    await this.register.containers.forget(keptMs);
  }

  private async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      let pause = lookMs;
      try {
        await this.once();
      } catch (error) {
        pause = afterFailureMs;
        const [code, reason] = [codeOf(error), messageOf(error)];
        this.log.warn('containers not answered', { code, reason, next: 'it will be retried' });
      }
      await sleep(pause, undefined, { signal: stop, ref: false }).catch(() => undefined); // the end ends it
    }
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
