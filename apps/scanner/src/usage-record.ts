import { Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import { Register } from '@coldroom/register';
import { Log } from '@coldroom/runtime';

/** For one statement on OMERO's database. */
const limitMs = 300_000;

/** Records after each scan how much is archived, and from time to time how much is in OMERO. */
@Injectable()
export class UsageRecord {
  constructor(
    private readonly omero: OmeroDatabase,
    private readonly register: Register,
    private readonly log: Log,
  ) {}

  /** Never throws: archiving does not depend on it. What was recorded before stays. */
  async run(): Promise<void> {
    const { usage } = this.register;
    try {
      if (await usage.omero.isDue()) await this.readOmero();
      await usage.recordDay();
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('usage not recorded', { code, reason, next: 'it will be retried at the next scan' });
    }
  }

  private async readOmero(): Promise<void> {
    const { usage, services } = this.register;
    // On a large server it takes minutes, in which the scanner does nothing else.
    await services.report('scanner', 2 * limitMs);
    const start = performance.now();
    const took = (): number => Math.round(performance.now() - start);
    try {
      await usage.omero.mirror(await this.omero.usage(limitMs), took());
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.log.warn('usage not read', { code, reason, next: 'it will be retried after a later scan' });
      await usage.omero.mirrorFailed(`${code}: ${reason}`, took());
    }
  }
}
