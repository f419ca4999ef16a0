import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { Log, ownVersion } from '@coldroom/runtime';

export const SERVICE_NAME = Symbol('service name');
const everyMs = 60_000;

/** Tells the register every minute that the service works: mail reports a service that falls silent. */
@Injectable()
export class LifeSigns implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private last = Promise.resolve<string | undefined>(undefined);

  constructor(
    @Inject(SERVICE_NAME) private readonly service: string,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.report(), everyMs);
    this.report();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.last;
  }

  /** The service ends, as its work is done: no one is to miss it. */
  async endWithWork(): Promise<void> {
    clearInterval(this.timer);
    const last = await this.last;
    if (last !== undefined) await this.register.services.ended(this.service, last);
  }

  private report(): void {
    this.last = this.register.services.report(this.service, everyMs, ownVersion()).catch((error: unknown) => {
      this.log.warn('not reported', { code: codeOf(error), reason: messageOf(error), next: 'it will be retried' });
      return undefined;
    });
  }
}
