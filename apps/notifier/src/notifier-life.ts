import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RedisConnection } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Readiness } from '@coldroom/runtime';
import { Rounds } from './rounds';

/** Checks what the notifier needs before the first round. The SMTP server is not: mails wait for it. */
@Injectable()
export class NotifierStart implements OnApplicationBootstrap {
  constructor(
    private readonly register: Register,
    private readonly redis: RedisConnection,
    private readonly readiness: Readiness,
    private readonly rounds: Rounds,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.redis.check();
    this.readiness.add('redis', () => this.redis.check());
    this.readiness.add('register', () => this.register.reports.clock());
    await this.rounds.begin();
  }
}

/** Closes what the notifier opened; NestJS calls this after the last round has ended. */
@Injectable()
export class NotifierEnd implements OnApplicationShutdown {
  constructor(private readonly register: Register) {}

  async onApplicationShutdown(): Promise<void> {
    await this.register.close();
  }
}
