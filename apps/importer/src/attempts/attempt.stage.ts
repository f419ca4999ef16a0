import { dirname, join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { codeOf, crashPoint, judgeAttempt, NotYet, type AttemptResult } from '@coldroom/domain';
import { ImportDatabase } from '@coldroom/omero';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportAttempt, type ImportClaim } from '@coldroom/register';
import { OMERO_SETTINGS, type OmeroSettings } from '../omero/omero-command';
import { lastLinesOf } from '../omero/last-lines';
import { runImport } from '../omero/run-import';
import { OmeroSessions } from '../omero/sessions';
import { SourcePlaces } from '../source/places';
import type { ImportStage } from '../stage';
import { cancelStep } from './cancel-step';
import { SessionKeys } from './session-keys';
import { ATTEMPT_SETTINGS, type AttemptSettings } from './settings';
import { afterLook, stillOpen } from './verdict';
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
    private readonly sessions: OmeroSessions,
    private readonly keys: SessionKeys,
    @Inject(OMERO_SETTINGS) private readonly omero: OmeroSettings,
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
    if (open && open.closedAt === null) await this.close(claim, open);
    const wanted = await wantedOf(this.register, this.places, claim.order);
    const result = await this.look(claim, wanted, made);
    const absent = new Set(result.missing);
    const missing = wanted.filter(({ number }) => absent.has(number));
    if (made.length === 0 || (open === undefined && result.unclear.length === 0 && missing.length > 0)) {
      if (claim.order.cancelBy === null) await this.attempt(claim, missing, work);
      else await this.cancel(claim, result);
      return;
    }
    await this.judge(claim, open, made.length, result);
  }

  /** What OMERO has by now of all attempts. */
  private async look(
    { order }: ImportClaim,
    wanted: readonly Wanted[],
    made: readonly ImportAttempt[],
  ): Promise<AttemptResult> {
    const sessionIds = made.map(({ sessionId }) => sessionId);
    return judgeAttempt(wanted, await this.database.madeBy(sessionIds, order.personId), order.groupId);
  }

  private async attempt(claim: ImportClaim, missing: readonly Wanted[], work: StageWork): Promise<void> {
    const { order } = claim;
    const { attempts } = this.register.imports;
    const group = { id: order.groupId, name: order.group };
    const key = await this.sessions.open(order.person, group, this.settings.sessionSeconds, work.signal);
    const { sessionId, number, log } = await this.begin(claim, key, work);
    crashPoint('import:2-attempt-recorded');
    const end = await runImport(this.omero, {
      sessionKey: key,
      paths: missing.map(({ opened }) => opened),
      transfer: order.transfer,
      target: order.target,
      ...(order.options.name === undefined ? {} : { name: order.options.name }),
      ...(order.options.description === undefined ? {} : { description: order.options.description }),
      checksumAlgorithm: this.settings.checksumAlgorithm,
      skip: this.settings.skip,
      log,
      signal: work.signal,
    }).catch(async (error: unknown) => {
      // Nothing was started, unless processes of it still run: then the next step closes the session.
      if (codeOf(error) !== 'OMERO_COMMAND_STILL_RUNS') await this.close(claim, { number, sessionId });
      throw error;
    });
    crashPoint('import:3-importer-ended');
    await this.sessions.close(key);
    crashPoint('import:4-session-closed');
    await attempts.closed(claim, number, { exitCode: end.exitCode ?? undefined, lastLines: end.lastLines });
    await this.keys.forget(sessionId);
    // OMERO is asked by the next step.
    await this.register.imports.claims.release(claim);
  }

  /** Records the session, first its key. If that fails, nothing was started: the session is closed again. */
  private async begin(
    claim: ImportClaim,
    key: string,
    work: StageWork,
  ): Promise<{ readonly sessionId: bigint; readonly number: number; readonly log: string }> {
    let sessionId: bigint | undefined;
    try {
      sessionId = await this.sessionNumber(key);
      await this.keys.keep(sessionId, key);
      crashPoint('import:1-session-opened');
      const log = await this.logFile(claim, sessionId);
      work.check();
      return { sessionId, log, number: await this.register.imports.attempts.begin(claim, sessionId, log) };
    } catch (error) {
      await this.sessions.close(key).then(
        () => (sessionId === undefined ? undefined : this.keys.forget(sessionId)),
        () => undefined, // it ends with its time
      );
      throw error;
    }
  }

  private async sessionNumber(key: string): Promise<bigint> {
    const number = await this.database.sessionNumber(key);
    if (number !== undefined) return number;
    throw new NotYet(
      'IMPORT_SESSION_UNKNOWN',
      "OMERO's database has no session of the key that OMERO.server gave. Check that the importer uses the database of this server.",
      { delayMs: 300_000 },
    );
  }

  /** Ends the session of an attempt whose worker has died. Without its key, OMERO has to end it by its time-out. */
  private async close(
    claim: ImportClaim,
    { number, sessionId }: Pick<ImportAttempt, 'number' | 'sessionId'>,
  ): Promise<void> {
    const key = await this.keys.find(sessionId);
    if (key !== undefined) await this.sessions.close(key);
    else if (!(await this.database.hasEnded(sessionId))) throw stillOpen(sessionId, this.settings.sessionSeconds);
    const lastLines = await lastLinesOf(logOf(this.settings, claim, sessionId));
    await this.register.imports.attempts.closed(claim, number, { lastLines });
    await this.keys.forget(sessionId);
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

  private async logFile(claim: ImportClaim, sessionId: bigint): Promise<string> {
    const log = logOf(this.settings, claim, sessionId);
    await mkdir(dirname(log), { recursive: true, mode: 0o750 });
    return log;
  }
}

const logOf = ({ stateDir }: AttemptSettings, { order }: ImportClaim, sessionId: bigint): string =>
  join(stateDir, 'logs', `${order.id}-${sessionId}.log`);
