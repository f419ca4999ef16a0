import { readSettings } from '@coldroom/runtime';
import { formatAge, formatBytes } from '@coldroom/terminal';
import { oldBackups } from '../backup/is-old';
import type { Surroundings } from '../surroundings';
import { examine, fault, ok, warning, type Finding } from './findings';

const about = 'backups';
const setUp = 'coldroom backup --dry-run; docs/backup-and-restore.md describes the set-up';

/** Whether there is a backup that is new enough, wherever it is made. */
export async function examineBackups(around: Surroundings): Promise<readonly Finding[]> {
  return examine(about, async () => {
    const { COLDROOM_BACKUP_OLD: limitMs } = readSettings(['backupAge'], around.env);
    const states = await around.register((register) => register.backupRuns.states());
    const old = oldBackups(states, limitMs);
    if (states.every(({ succeededAt }) => succeededAt === null))
      return warning(about, states.length === 0 ? 'none was ever made' : 'none has ever succeeded', setUp);
    return states.map(({ database, shown, succeededAt, bytes, failures, reason }) => {
      const name = database === 'omero' ? "OMERO's database" : 'the register';
      if (failures > 0) return fault(about, `the last one of ${name} to ${shown} failed: ${reason}`, 'coldroom backup');
      if (succeededAt === null) return fault(about, `none of ${name} to ${shown}`, 'coldroom backup');
      const age = `of ${name} to ${shown}, ${formatBytes(bytes ?? 0n)}, ${formatAge(succeededAt, new Date())}`;
      return old.some((one) => one.database === database)
        ? warning(about, `the newest is old: ${age}`, 'coldroom backup; is the service backup, or cron, running?')
        : ok(about, `the newest is ${age}`);
    });
  });
}
