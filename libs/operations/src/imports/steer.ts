import { Refused, type ImportState } from '@coldroom/domain';
import type { ImportOrder, Steered } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { mayOn, visibleImport, type ImportAction } from './show';

/** What became of a wish to retry or cancel. */
export interface SteeredImport {
  readonly id: bigint;
  readonly state: ImportState;
  /** False: the importer does it when what runs has ended. */
  readonly done: boolean;
}

/** Has a stuck import go on. `Refused` `NO_SUCH_IMPORT`, `NOT_PERMITTED`, `IMPORT_NOT_STUCK`. */
export async function retryImport(reviewer: Reviewer, id: bigint): Promise<SteeredImport> {
  await permitted(reviewer, 'retryImport', id);
  const steered = await reviewer.register.imports.steering.retry(id, reviewer.actor.name);
  return outcome(id, steered, (state) =>
    state === 'stuck'
      ? new Refused('IMPORT_NOT_STUCK', `Import ${id} is being cancelled. Order its source again when that is done.`)
      : new Refused('IMPORT_NOT_STUCK', `Import ${id} is ${state}, not stuck: there is nothing to try again.`),
  );
}

/**
 * Ends an import that is not in OMERO yet; its source stays. What OMERO has completed until then is taken over nevertheless.
 * `Refused` `NO_SUCH_IMPORT`, `NOT_PERMITTED`, `IMPORT_NOT_CANCELLABLE`.
 */
export async function cancelImport(reviewer: Reviewer, id: bigint): Promise<SteeredImport> {
  await permitted(reviewer, 'cancelImport', id);
  const steered = await reviewer.register.imports.steering.cancel(id, reviewer.actor.name);
  return outcome(
    id,
    steered,
    (state) =>
      new Refused(
        'IMPORT_NOT_CANCELLABLE',
        state === 'cancelled'
          ? `Import ${id} is cancelled already.`
          : `Import ${id} is ${state}: its images are in OMERO. Delete them there if they are not wanted.`,
      ),
  );
}

async function permitted(reviewer: Reviewer, action: ImportAction, id: bigint): Promise<ImportOrder> {
  const order = await visibleImport(reviewer, id);
  if (mayOn(reviewer, action, order)) return order;
  const what = action === 'retryImport' ? 'have this import tried again' : 'cancel this import';
  throw new Refused('NOT_PERMITTED', `You may not ${what}. docs/rights.md says who may.`);
}

function outcome(id: bigint, steered: Steered, refusal: (state: ImportState) => Refused): SteeredImport {
  if (!('refused' in steered)) return { id, ...steered };
  // Orders are never removed.
  if (steered.refused === undefined) throw new RangeError(`import ${id} is gone`);
  throw refusal(steered.refused);
}
