import { dirname, join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { codeOf, crashPoint, NotYet } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { ImportDatabase } from '@coldroom/omero';
import type { StageWork } from '@coldroom/pipeline';
import { Register, type ImportAttempt, type ImportClaim } from '@coldroom/register';
import { lastLinesOf } from '../omero/last-lines';
import { OMERO_SETTINGS, type OmeroSettings } from '../omero/omero-command';
import { runImport, type AttemptEnd } from '../omero/run-import';
import { OmeroSessions } from '../omero/sessions';
import { LOOK_IN_OMERO, type LookInOmero } from '../source/in-omero';
import { lastLook } from '../source/last-look';
import { SourcePlaces } from '../source/places';
import { SessionKeys } from './session-keys';
import { ATTEMPT_SETTINGS, type AttemptSettings } from './settings';
import { targetOf } from './target-of';
import { isStopping, untilGrace } from './until-grace';
import { stillOpen } from './verdict';
import type { Wanted } from './wanted';

interface Begun {
  readonly key: string;
  readonly sessionId: bigint;
  readonly number: number;
  readonly log: string;
}

/** One run of OMERO's importer, in a session of its own. */
@Injectable()
export class AttemptRun {
  constructor(
    readonly files: Files,
    readonly register: Register,
    private readonly places: SourcePlaces,
    private readonly database: ImportDatabase,
    private readonly sessions: OmeroSessions,
    private readonly keys: SessionKeys,
    @Inject(LOOK_IN_OMERO) readonly lookInOmero: LookInOmero,
    @Inject(OMERO_SETTINGS) private readonly omero: OmeroSettings,
    @Inject(ATTEMPT_SETTINGS) private readonly settings: AttemptSettings,
  ) {}

  /**
   * Imports what is missing, and gives the claim back: OMERO is asked by the next step. `Refused` `SOURCE_CHANGED` before
   * anything is started if a file is no longer what was read: a lock keeps its name, and not its content.
   */
  async run(claim: ImportClaim, missing: readonly Wanted[], work: StageWork): Promise<void> {
    const { order } = claim;
    const places = await this.places.of(order);
    // Files that were touched are read, which may take long: the time of the session does not run yet.
    await lastLook(this, claim, places, work);
    const target = await targetOf(order, (within, groupId) => this.database.datasetsIn(within, groupId));
    const group = { id: order.groupId, name: order.group };
    const key = await this.sessions.open(order.person, group, this.settings.sessionSeconds, work.signal);
    const begun = await this.begin(claim, key, work);
    crashPoint('import:2-attempt-recorded');
    const end = await lastLook(this, claim, places, work)
      .then(() => this.importIn(claim, { ...begun, target }, missing, work))
      .catch(async (error: unknown) => {
        // Nothing was started, unless processes of it still run: then the next step closes the session.
        if (codeOf(error) === 'OMERO_COMMAND_STILL_RUNS') throw error;
        if (isStopping(work.signal)) await this.register.imports.attempts.interrupted(claim, begun.number);
        await this.close(claim, begun);
        throw error;
      });
    crashPoint('import:3-importer-ended');
    await this.sessions.close(key);
    crashPoint('import:4-session-closed');
    await this.register.imports.attempts.closed(claim, begun.number, {
      exitCode: end.exitCode ?? undefined,
      lastLines: end.lastLines,
      printed: printedBy(end),
    });
    await this.keys.forget(begun.sessionId);
    await this.register.imports.claims.release(claim);
  }

  /** Ends the session of an attempt whose worker has died. Without its key, OMERO has to end it by its time-out. */
  async close(claim: ImportClaim, { number, sessionId }: Pick<ImportAttempt, 'number' | 'sessionId'>): Promise<void> {
    const key = await this.keys.find(sessionId);
    if (key !== undefined) await this.sessions.close(key);
    else if (!(await this.database.hasEnded(sessionId))) throw stillOpen(sessionId, this.settings.sessionSeconds);
    const lastLines = await lastLinesOf(logOf(this.settings, claim, sessionId));
    await this.register.imports.attempts.closed(claim, number, { lastLines });
    await this.keys.forget(sessionId);
  }

  private async importIn(
    claim: ImportClaim,
    { key, number, log, target }: Begun & { readonly target: string },
    missing: readonly Wanted[],
    work: StageWork,
  ): Promise<AttemptEnd> {
    const { transfer, options } = claim.order;
    const grace = untilGrace(work, this.settings.graceMs);
    try {
      const end = await runImport(this.omero, {
        sessionKey: key,
        paths: missing.map(({ opened }) => opened),
        transfer,
        target,
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.description === undefined ? {} : { description: options.description }),
        checksumAlgorithm: this.settings.checksumAlgorithm,
        skip: this.settings.skip,
        log,
        signal: grace.signal,
      });
      // First: little of the time is left, and an attempt that counts may leave the order to a person.
      if (end.killed === 'aborted' && isStopping(work.signal))
        await this.register.imports.attempts.interrupted(claim, number);
      return end;
    } finally {
      grace.done();
    }
  }

  /** Records the session, first its key. If that fails, nothing was started: the session is closed again. */
  private async begin(claim: ImportClaim, key: string, work: StageWork): Promise<Begun> {
    let sessionId: bigint | undefined;
    try {
      sessionId = await this.sessionNumber(key);
      await this.keys.keep(sessionId, key);
      crashPoint('import:1-session-opened');
      const log = await this.logFile(claim, sessionId);
      work.check();
      const number = await this.register.imports.attempts.begin(claim, sessionId, log);
      return { key, sessionId, log, number };
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

  private async logFile(claim: ImportClaim, sessionId: bigint): Promise<string> {
    const log = logOf(this.settings, claim, sessionId);
    await mkdir(dirname(log), { recursive: true, mode: 0o750 });
    return log;
  }
}

const logOf = ({ stateDir }: AttemptSettings, { order }: ImportClaim, sessionId: bigint): string =>
  join(stateDir, 'logs', `${order.id}-${sessionId}.log`);

/** Images by fileset, where the importer printed them. */
function printedBy({ hints }: AttemptEnd): Readonly<Record<string, number>> {
  const known = hints.filter(({ imageIds }) => imageIds.length > 0);
  return Object.fromEntries(known.map(({ filesetId, imageIds }) => [String(filesetId), imageIds.length]));
}
