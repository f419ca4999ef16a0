import { Inject, Injectable } from '@nestjs/common';
import { crashPoint, judgeAttempt, type AttemptResult } from '@coldroom/domain';
import { ImportDatabase } from '@coldroom/omero';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportAttempt, type ImportClaim } from '@coldroom/register';
import { SourcePlaces } from '../source/places';
import type { ImportStage } from '../stage';
import { AttemptRun } from './attempt-run';
import { cancelStep } from './cancel-step';
import { ATTEMPT_SETTINGS, type AttemptSettings } from './settings';
import { afterLook } from './verdict';
import { wantedOf, type Wanted } from './wanted';

/**
 * Has OMERO's importer import the filesets that OMERO does not have yet. Each attempt has a session of its own, which is in
 * the register before the attempt begins and closed before OMERO is asked what it made; no attempt begins before that.
 */
@Injectable()
export class AttemptStage implements ImportStage {
  readonly name = 'attempt';
  readonly takes = ['synced', 'importing'] as const;

  constructor(
    private readonly register: Register,
    private readonly places: SourcePlaces,
    private readonly database: ImportDatabase,
    private readonly attempt: AttemptRun,
    @Inject(ATTEMPT_SETTINGS) private readonly settings: AttemptSettings,
  ) {}

  async run(claim: ImportClaim, work: StageWork): Promise<void> {
    const { attempts } = this.register.imports;
    if (claim.order.state !== 'importing') {
      await this.register.imports.advance(claim, { event: 'attempt', to: 'importing' });
      return;
    }
    const made = await attempts.of(claim.order.id);
    const open = made.find(({ judgedAt }) => judgedAt === null);
    if (open && open.closedAt === null) await this.attempt.close(claim, open);
    const wanted = await wantedOf(this.register, this.places, claim.order);
    const result = await this.look(claim, wanted, made);
    const absent = new Set(result.missing);
    const missing = wanted.filter(({ number }) => absent.has(number));
    if (made.length === 0 || (open === undefined && result.unclear.length === 0 && missing.length > 0)) {
      if (claim.order.cancelBy === null) await this.attempt.run(claim, missing, work);
      else await this.cancel(claim, result);
      return;
    }
    const counted = made.filter(({ interrupted }) => !interrupted).length;
    await this.judge(claim, open, counted, result);
  }

  /** What OMERO has by now of all attempts. */
  private async look(
    { order }: ImportClaim,
    wanted: readonly Wanted[],
    made: readonly ImportAttempt[],
  ): Promise<AttemptResult> {
    const sessionIds = made.map(({ sessionId }) => sessionId);
    const printed = made.flatMap((attempt) => Object.entries(attempt.printed ?? {}));
    const images = new Map(printed.map(([id, count]) => [BigInt(id), count]));
    return judgeAttempt(wanted, await this.database.madeBy(sessionIds, order.personId), order.groupId, images);
  }

  private async judge(
    claim: ImportClaim,
    open: ImportAttempt | undefined,
    attempts: number,
    result: AttemptResult,
  ): Promise<void> {
    const { closedAt } = open ? (await this.register.imports.attempts.of(claim.order.id)).at(-1)! : { closedAt: null };
    const step = afterLook(result, { attempts, closedAt, cancelled: claim.order.cancelBy !== null }, this.settings);
    await this.register.imports.attempts.judged(claim, open?.number, result, step);
    crashPoint('import:5-judged');
  }

  /** What OMERO has by now is recorded with it: another order for the same files needs `again` then. */
  private async cancel(claim: ImportClaim, result: AttemptResult): Promise<void> {
    const kept = [...result.complete.values()].map(({ filesetId }) => filesetId);
    await this.register.imports.attempts.judged(claim, undefined, result, cancelStep(claim.order, kept));
  }
}
