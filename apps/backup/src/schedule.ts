import type { BackupRun } from '@coldroom/register';
import { lastTime } from '@coldroom/runtime';

const retryMs = 3_600_000;
const dayMs = 86_400_000;
/** The run did not fail by itself: it is made up for at once. */
const ended: readonly (string | null)[] = ['BACKUP_STOPPED', 'BACKUP_INTERRUPTED'];

/** Whether a backup is to be made now: once a day at this time, or later if that was missed, and each hour until it succeeds. */
export function isBackupDue(at: string, newest: readonly BackupRun[], now: Date): boolean {
  const [last] = newest;
  if (!last || last.startedAt < lastTime(at, now)) return true;
  if (last.finishedAt === null || ended.includes(last.code)) return true;
  // A run has one row for each database and place.
  const ofLastRun = newest.filter(({ startedAt }) => startedAt >= lastTime(at, now));
  const failed = [...Map.groupBy(ofLastRun, ({ database, place }) => `${database} ${place}`).values()].some(
    ([latest]) => latest?.code !== null,
  );
  return failed && now.getTime() - last.startedAt.getTime() >= retryMs;
}

/** Whether a drill is to be made now: after each period, and on the next day if it failed. */
export function isDrillDue(everyMs: number, newest: readonly BackupRun[], now: Date): boolean {
  if (everyMs === 0) return false;
  const age = (run: BackupRun | undefined): number => (run ? now.getTime() - run.startedAt.getTime() : Infinity);
  const good = newest.find(({ finishedAt, code }) => finishedAt !== null && code === null);
  if (newest[0]?.finishedAt === null || ended.includes(newest[0]?.code ?? '')) return age(good) >= everyMs;
  return age(good) >= everyMs && age(newest[0]) >= Math.min(dayMs, everyMs);
}
