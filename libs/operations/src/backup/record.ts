import type { BackupOf, Register } from '@coldroom/register';
import type { Failure } from '../failure';
import type { BackupPlan } from './plan';

const kind = 'backup failed';
type Of = Pick<BackupOf, 'database' | 'place' | 'shown'>;

const nameOf = ({ database, place }: Pick<Of, 'database' | 'place'>): string => `${kind}:${database} ${place}`;

/** What damaged dumps there are is reported like a failure: administrators have to look at the disk. */
export async function recordSuccess(
  { troubles }: Register,
  { damaged, ...of }: Of & { readonly damaged: readonly string[] },
  by: string,
): Promise<void> {
  if (damaged.length === 0) {
    await troubles.over([nameOf(of)], by);
    return;
  }
  const reason = `A new backup was made, but these are not what their checksums say, and count for nothing: ${damaged.join(', ')}. Check the disk`;
  await found(troubles, of, { code: 'BACKUP_DUMP_DAMAGED', reason }, by);
}

/** Keeps why, as far as the register still answers: the caller reports it in any case. `id`: the run that has no dump. */
export async function recordFailure(
  { backupRuns, troubles }: Register,
  { id, failure, ...of }: Of & { readonly id: bigint | undefined; readonly failure: Failure },
  by: string,
): Promise<void> {
  const { code, message: reason } = failure;
  if (id !== undefined) await backupRuns.fail(id, { code, reason }).catch(() => undefined);
  if (code === 'BACKUP_STOPPED') return; // it is made up for
  await found(troubles, of, { code, reason }, by).catch(() => undefined);
}

/** Ends the troubles of databases and places that are not set up here; mail must not say that they succeed again. */
export async function endStaleTroubles(
  { troubles }: Register,
  { sources, places }: BackupPlan,
  by: string,
): Promise<void> {
  const ours = sources.flatMap(({ database }) => places.map((place) => nameOf({ database, place: place.kind })));
  const stale = (await troubles.list(kind)).filter(({ name }) => !ours.includes(name));
  await troubles.found(
    stale.map(({ name, code, detail }) => ({
      name,
      ...(code === null ? {} : { code }),
      detail: { ...detail, left: true },
    })),
    by,
  );
  await troubles.over(
    stale.map(({ name }) => name),
    by,
  );
}

async function found(
  troubles: Register['troubles'],
  of: Of,
  { code, reason }: { readonly code: string; readonly reason: string },
  by: string,
): Promise<void> {
  const { database, place, shown } = of;
  await troubles.found([{ name: nameOf(of), code, detail: { database, place, shown, reason } }], by);
}
