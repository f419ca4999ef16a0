import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { OmeroDatabase } from '@coldroom/omero';
import { checkOriginals, serviceRights, STORES, showProgress, showSwitches } from '@coldroom/pipeline';
import { Register, scannerTask } from '@coldroom/register';
import { Log, Readiness } from '@coldroom/runtime';
import type { Stores } from '@coldroom/stores';
import { Originals } from '@coldroom/trees';
import { RetrievalMarks } from './retrieval-marks';
import { Mirror } from './mirror';
import { Scan } from './scan';
import { Starter } from './starter';

const by = 'scanner';

/** How often the scanner looks, in milliseconds. */
export class Pace {
  constructor(
    readonly scanMs: number,
    readonly roundMs: number,
  ) {}
}

/** What the scanner does, round after round; only one scanner at a time does so. */
@Injectable()
export class Rounds implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private ended = false;
  private wake: (() => void) | undefined;
  private running = Promise.resolve();
  private nextScan = 0;

  constructor(
    private readonly pace: Pace,
    private readonly scan: Scan,
    private readonly retrievalMarks: RetrievalMarks,
    private readonly starter: Starter,
    private readonly mirror: Mirror,
    private readonly register: Register,
    private readonly omero: OmeroDatabase,
    private readonly files: Files,
    private readonly originals: Originals,
    @Inject(STORES) private readonly stores: Stores,
    private readonly log: Log,
    private readonly readiness: Readiness,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.omero.check();
    await this.checkOriginals();
    this.readiness.add('omero database', () => this.omero.check());
    this.readiness.add('register', () => this.register.reports.clock());
    this.readiness.add('originals', () => this.checkOriginals());
    this.running = this.rounds();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ended = true;
    this.wake?.();
    await this.running;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stores.close();
    await this.files.close();
    await this.omero.close();
    await this.register.close();
  }

  /** None needs to be mounted: what is approved is started, and marks are written, all the same. A scan says what is unavailable. */
  private async checkOriginals(): Promise<void> {
    await checkOriginals(this.originals, serviceRights.scanner.originals, []);
  }

  private async rounds(): Promise<void> {
    while (!this.ended) {
      try {
        await this.register.alone(scannerTask, () => this.round());
      } catch (error) {
        this.log.warn('round failed', { code: codeOf(error), reason: messageOf(error), next: 'it is tried again' });
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, this.pace.roundMs).unref();
      });
    }
  }

  private async round(): Promise<void> {
    if (Date.now() >= this.nextScan) {
      this.nextScan = Date.now() + this.pace.scanMs;
      await this.register.scans.ask(by);
    }
    // First: an image whose request was just declined still carries its mark, and must not be asked for again.
    await this.part('marks', () => this.writeMarks());
    for (
      let id = await this.register.scans.begin();
      id !== undefined && !this.ended;
      id = await this.register.scans.begin()
    )
      await this.scanOnce(id);
    await this.part('start', () => this.starter.run(by));
    await this.part('marks', () => this.writeMarks());
    showProgress(await this.register.reports.progress());
    showSwitches(await this.register.switches.list());
  }

  private async writeMarks(): Promise<void> {
    while (!this.ended && (await this.mirror.run()) > 0);
  }

  /** What fails here is tried again in the next round, and keeps nothing else from being done in this one. */
  private async part(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log.warn('round failed', {
        part: name,
        code: codeOf(error),
        reason: messageOf(error),
        next: 'it is tried again',
      });
    }
  }

  private async scanOnce(id: bigint): Promise<void> {
    try {
      const report = await this.scan.run(by);
      const retrievalMarks = await this.retrievalMarks.run();
      await this.register.scans.finish(id, { ...report, retrievalMarks }, null);
      this.log.info('scanned', {
        marks: report.marks,
        requests: report.requests.length,
        ignored: report.ignoredCount,
        retrievalMarks: retrievalMarks.files,
      });
    } catch (error) {
      // What was approved is started and what is owed is written all the same.
      const [code, reason] = [codeOf(error), messageOf(error)];
      await this.register.scans.finish(id, null, `${code}: ${reason}`);
      this.log.warn('scan failed', { scan: id, code, reason, next: 'it is tried again with the next scan' });
    }
  }
}
