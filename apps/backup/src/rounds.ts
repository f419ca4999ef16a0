import { Inject, Injectable } from '@nestjs/common';
import { codeOf, messageOf } from '@coldroom/domain';
import { backup, drill, type BackupResult, type Surroundings } from '@coldroom/operations';
import { RoundLoop } from '@coldroom/pipeline';
import { Register, type BackupRun } from '@coldroom/register';
import { lastTime, Log } from '@coldroom/runtime';
import { isBackupDue, isDrillDue } from './schedule';

export const SURROUNDINGS = Symbol('surroundings');
export const PLAN = Symbol('plan');

/** When things are done. */
export interface Plan {
  /** `02:30` */
  readonly at: string;
  readonly drillEveryMs: number;
  readonly roundMs: number;
}

const actor = 'backup';
const looked = 50;
const faultPauseMs = 300_000;

/** Looks whether a backup or a drill is due, and makes it. */
@Injectable()
export class Rounds extends RoundLoop {
  protected readonly failure = 'round failed';
  protected readonly pauseMs: number;
  private readonly pausedUntil = new Map<string, number>();
  private known: readonly BackupRun[] = [];
  private begunWithout = new Date(0);

  constructor(
    private readonly register: Register,
    @Inject(SURROUNDINGS) private readonly around: Surroundings,
    @Inject(PLAN) private readonly plan: Plan,
    protected readonly log: Log,
  ) {
    super();
    this.pauseMs = plan.roundMs;
  }

  override start(): void {
    if (this.plan.drillEveryMs === 0) this.log.info('drills off');
    super.start();
  }

  /** A backup that is under way at the end of the service is ended: the next start makes it. */
  protected async round(stop: AbortSignal): Promise<void> {
    await this.part('backup', () => this.backUp(stop));
    if (!stop.aborted) await this.part('drill', () => this.rehearse(stop));
  }

  private async backUp(signal: AbortSignal): Promise<void> {
    if (!(await this.isBackupDue(new Date()))) return;
    this.log.info('backup started');
    for (const result of await backup(this.around, this.register, { by: actor, signal })) this.report(result);
  }

  /** Without the register, which would know what was made, a backup of the others is begun once a day. */
  private async isBackupDue(now: Date): Promise<boolean> {
    try {
      this.known = await this.register.backupRuns.list(looked);
    } catch (error) {
      const time = lastTime(this.plan.at, now);
      if (this.begunWithout >= time || !isBackupDue(this.plan.at, this.known, now)) throw error;
      this.begunWithout = time;
      return true;
    }
    return isBackupDue(this.plan.at, this.known, now);
  }

  private report({ database, to, name, bytes, removed, damaged, failure }: BackupResult): void {
    if (failure)
      this.log.error('backup failed', {
        database,
        to,
        code: failure.code,
        reason: failure.message,
        next: 'it will be retried',
      });
    else this.log.info('backup made', { database, to, name, bytes: String(bytes), removed });
    if (damaged.length > 0) this.log.error('backups damaged', { to, names: damaged, next: 'check the disk' });
  }

  private async rehearse(signal: AbortSignal): Promise<void> {
    if (!isDrillDue(this.plan.drillEveryMs, await this.register.backupRuns.list(looked, 'drill'), new Date())) return;
    this.log.info('drill started');
    const { register, omero, notRestored, since, audit } = await drill(this.around, this.register, {
      by: actor,
      signal,
    });
    this.log.info('drill done', {
      restored: [register.name, ...(omero ? [omero.name] : [])],
      notRestored,
      requestsSince: since.requests.length,
      filesLinkedSince: since.linked,
      findings: audit.findings,
      notLooked: audit.notLooked,
    });
  }

  /** What cannot even begin, such as with a register that does not answer, is not tried at each round. */
  private async part(name: string, work: () => Promise<void>): Promise<void> {
    if (Date.now() < (this.pausedUntil.get(name) ?? 0)) return;
    try {
      await work();
    } catch (error) {
      const [code, reason] = [codeOf(error), messageOf(error)];
      this.pausedUntil.set(name, Date.now() + faultPauseMs);
      if (code === 'BACKUP_STOPPED') return;
      this.log.warn('round failed', { part: name, code, reason, next: 'it will be retried' });
    }
  }
}
