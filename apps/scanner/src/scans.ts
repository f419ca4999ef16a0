import { Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';
import { ImportMarks } from './import-marks';
import { KeptMarks } from './kept-marks';
import { PeopleMirror } from './people-mirror';
import { RetrievalMarks } from './retrieval-marks';
import { Scan } from './scan';
import { UsageRecord } from './usage-record';
import { WithdrawalMarks } from './withdrawal-marks';

/** Runs the requested scans, and records in the register what each found. */
@Injectable()
export class Scans {
  constructor(
    private readonly keptMarks: KeptMarks,
    private readonly withdrawalMarks: WithdrawalMarks,
    private readonly scan: Scan,
    private readonly retrievalMarks: RetrievalMarks,
    private readonly importMarks: ImportMarks,
    private readonly people: PeopleMirror,
    private readonly usage: UsageRecord,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  async run(by: string, stop: AbortSignal): Promise<void> {
    const { scans } = this.register;
    for (let id = await scans.begin(); id !== undefined && !stop.aborted; id = await scans.begin())
      await this.once(id, by);
  }

  private async once(id: bigint, by: string): Promise<void> {
    await this.people.run();
    try {
      // First: neither what is kept nor what is withdrawn becomes a request.
      const kept = await this.keptMarks.run();
      const withdrawn = await this.withdrawalMarks.run();
      const report = await this.scan.run(by);
      const retrievalMarks = await this.retrievalMarks.run();
      await this.register.scans.finish(id, { ...report, retrievalMarks, kept, withdrawn }, null);
      this.log.info('scanned', {
        marks: report.marks,
        requests: report.requests.length,
        ignored: report.ignoredCount,
        retrievalMarks: retrievalMarks.files,
      });
    } catch (error) {
      // Approved requests are started and pending marks are written regardless.
      const [code, reason] = [codeOf(error), messageOf(error)];
      await this.register.scans.finish(id, null, `${code}: ${reason}`);
      this.log.warn('scan failed', { scan: id, code, reason, next: 'it will be retried at the next scan' });
    }
    await this.importMarks.run(by);
    await this.usage.run();
  }
}
