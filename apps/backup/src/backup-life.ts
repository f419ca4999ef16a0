import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { checkBackupDirectory, type Surroundings } from '@coldroom/operations';
import { Register } from '@coldroom/register';
import { Readiness } from '@coldroom/runtime';
import { Rounds, SURROUNDINGS } from './rounds';

/** Checks what a backup needs before the first round; a bucket is not asked all the time, as that would cost money. */
@Injectable()
export class BackupStart implements OnApplicationBootstrap {
  constructor(
    private readonly register: Register,
    @Inject(SURROUNDINGS) private readonly around: Surroundings,
    private readonly readiness: Readiness,
    private readonly rounds: Rounds,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.add('register', () => this.register.reports.clock());
    this.readiness.add('backup directory', () => checkBackupDirectory(this.around));
    this.rounds.start();
  }
}

/** Closes what was opened; NestJS calls this after the last round has ended. */
@Injectable()
export class BackupEnd implements OnApplicationShutdown {
  constructor(private readonly register: Register) {}

  async onApplicationShutdown(): Promise<void> {
    await this.register.close();
  }
}
