import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Files } from '@coldroom/files';
import { OmeroDatabase, PolicyDatabase } from '@coldroom/omero';
import { checkOriginals, serviceRights, STORES } from '@coldroom/pipeline';
import { Register } from '@coldroom/register';
import { Readiness } from '@coldroom/runtime';
import type { Stores } from '@coldroom/stores';
import { Originals } from '@coldroom/trees';
import { Rounds } from './rounds';

/** Checks what the scanner needs before the first round. */
@Injectable()
export class ScannerStart implements OnApplicationBootstrap {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly originals: Originals,
    private readonly readiness: Readiness,
    private readonly rounds: Rounds,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.omero.check();
    await this.checkOriginals();
    this.readiness.add('omero database', () => this.omero.check());
    this.readiness.add('register', () => this.register.reports.clock());
    this.readiness.add('originals', () => this.checkOriginals());
    this.rounds.start();
  }

  /**
   * None needs to be mounted: approved requests are started, and marks are written, regardless. A scan reports an
   * unavailable tree.
   */
  private async checkOriginals(): Promise<void> {
    await checkOriginals(this.originals, serviceRights.scanner.originals, []);
  }
}

/** Closes what the scanner opened; NestJS calls this after the last round has ended. */
@Injectable()
export class ScannerEnd implements OnApplicationShutdown {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly files: Files,
    @Inject(STORES) private readonly stores: Stores,
    @Inject(PolicyDatabase) private readonly policies: PolicyDatabase | null,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.stores.close();
    await this.policies?.close();
    await this.files.close();
    await this.omero.close();
    await this.register.close();
  }
}
