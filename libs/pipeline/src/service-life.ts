import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Files } from '@coldroom/files';
import { Register } from '@coldroom/register';
import { Readiness } from '@coldroom/runtime';
import type { Stores } from '@coldroom/stores';
import { STORES } from './configured-stores';
import { Workers } from './workers';

export const CHECKS = Symbol('checks');
/** What has to work, by the name under which `/readyz` reports it. */
export type Checks = Readonly<Record<string, () => Promise<unknown>>>;

/** Checks what a service needs, and starts its workers. Later the same checks decide whether it is ready. */
@Injectable()
export class ServiceStart implements OnApplicationBootstrap {
  constructor(
    @Inject(CHECKS) private readonly checks: Checks,
    private readonly readiness: Readiness,
    private readonly workers: Workers,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const check of Object.values(this.checks)) await check();
    for (const [name, check] of Object.entries(this.checks)) this.readiness.add(name, check);
    this.workers.start();
  }
}

/** Closes what a service opened; NestJS calls this after its workers have ended. */
@Injectable()
export class ServiceEnd implements OnApplicationShutdown {
  constructor(
    private readonly register: Register,
    private readonly files: Files,
    @Inject(STORES) private readonly stores: Stores,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.stores.close();
    await this.files.close();
    await this.register.close();
  }
}
