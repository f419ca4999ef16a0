import type { Register } from '@coldroom/register';
import type { Failure } from '../failure';
import type { DrillReport } from './report';

const trouble = 'drill failed:register';

export async function recordDrillSuccess(
  { backupRuns, troubles }: Register,
  id: bigint,
  { register, omero, notRestored, since, audit }: DrillReport,
  by: string,
): Promise<void> {
  await backupRuns.finish(id, {
    name: register.name,
    bytes: register.bytes,
    report: {
      at: register.at,
      omero: omero?.name ?? null,
      notRestored,
      requests: since.requests.length,
      sealed: since.sealed.length,
      linked: since.linked,
      findings: audit.findings,
      notLooked: audit.notLooked,
    },
  });
  await troubles.over([trouble], by);
}

export async function recordDrillFailure(
  { backupRuns, troubles }: Register,
  { id, shown, failure }: { readonly id: bigint; readonly shown: string; readonly failure: Failure },
  by: string,
): Promise<void> {
  const { code, message: reason } = failure;
  await backupRuns.fail(id, { code, reason }).catch(() => undefined); // the caller reports the failure itself
  if (code === 'BACKUP_STOPPED') return; // it is made up for
  await troubles
    .found([{ name: trouble, code, detail: { database: 'register', shown, reason } }], by)
    .catch(() => undefined);
}
