import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@coldroom/domain';
import type { Queues, RedisConnection, StageJobs } from '@coldroom/pipeline';
import type { BackupRun, BackupState } from '@coldroom/register';
import { ownVersion } from '@coldroom/runtime';
import { failedMails, type FailedMails } from '../mail/failed';
import type { Reviewer } from '../requests/review';
import { requireSight } from '../rights/require';

interface ServiceState {
  readonly service: string;
  /** Null if it never reported. */
  readonly reportedAt: Date | null;
  /** Its next report is late. */
  readonly isSilent: boolean;
  /** Null if it is not known. */
  readonly version: string | null;
  /** Without it, nothing is archived or retrieved; the others are optional. */
  readonly isNeeded: boolean;
}

/** How the parts of Coldroom are. */
export interface SystemReport {
  readonly versions: {
    readonly coldroom: string;
    readonly node: string;
    readonly postgresql: string;
    /** Null while it does not answer. */
    readonly redis: string | null;
  };
  /** Changes of the tables that this version needs and the register lacks. */
  readonly pendingMigrations: readonly string[];
  readonly services: readonly ServiceState[];
  /** Null while Redis does not answer. */
  readonly queues: readonly StageJobs[] | null;
  readonly redisFault: string | null;
  readonly mail: FailedMails;
  /** Of each database and place; empty if there never was one. */
  readonly backups: readonly BackupState[];
  /** The last one that ended; null if there was none. */
  readonly lastDrill: BackupRun | null;
}

const optional = ['console', 'notifier', 'backup', 'importer'];
const needed = ['scanner', 'checksum', 'transfer', 'ingest-watcher', 'linker'];
/** Services report each minute. */
const lateMs = 120_000;
/** A page does not wait longer for Redis. */
const answerMs = 3000;
const mailsShown = 20;

/** `Refused` `NO_SUCH_PAGE` to who may not see it. */
export async function systemFor(
  reviewer: Reviewer,
  redis: Pick<RedisConnection, 'version' | 'connected'>,
  queues: Pick<Queues, 'counts'>,
): Promise<SystemReport> {
  requireSight(reviewer, 'seeSystem');
  const { register } = reviewer;
  const queueing = redis.connected
    ? await within(answerMs, Promise.all([redis.version(), queues.counts()]))
    : { fault: 'There is no connection to Redis' };
  return {
    versions: {
      coldroom: ownVersion(),
      node: process.versions.node,
      postgresql: await register.reports.serverVersion(),
      redis: 'found' in queueing ? queueing.found[0] : null,
    },
    pendingMigrations: await register.reports.pendingMigrations(),
    services: await servicesNow(reviewer),
    queues: 'found' in queueing ? queueing.found[1] : null,
    redisFault: 'found' in queueing ? null : queueing.fault,
    mail: await failedMails(reviewer, { limit: mailsShown }),
    backups: await register.backupRuns.states(),
    lastDrill: (await register.backupRuns.list(2, 'drill')).find(({ finishedAt }) => finishedAt !== null) ?? null,
  };
}

async function servicesNow({ register: { services } }: Reviewer): Promise<readonly ServiceState[]> {
  const reports = await services.list();
  const silent = await services.silent(lateMs);
  const known = [...needed, ...optional];
  const others = reports.map(({ service }) => service).filter((service) => !known.includes(service));
  return [...known, ...others].map((service) => {
    const report = reports.find((each) => each.service === service);
    return {
      service,
      reportedAt: report?.reportedAt ?? null,
      isSilent: silent.some((each) => each.service === service),
      version: report?.version ?? null,
      isNeeded: needed.includes(service),
    };
  });
}

/** What was found, or why there is no answer. */
async function within<T>(ms: number, work: Promise<T>): Promise<{ readonly found: T } | { readonly fault: string }> {
  const late = sleep(ms, { fault: `Redis does not answer within ${ms / 1000} s` }, { ref: false });
  const answer = work.then(
    (found) => ({ found }),
    (error: unknown) => ({ fault: messageOf(error) }),
  );
  return Promise.race([answer, late]);
}
