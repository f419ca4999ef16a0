import { NotYet } from '@coldroom/domain';
import type { ImportOrder } from '@coldroom/register';

/** Another order has files of the source, or reads them there: this one waits until that is over. */
export function sourceBusy({ display }: Pick<ImportOrder, 'display'>, other: bigint): NotYet {
  return new NotYet(
    'IMPORT_SOURCE_BUSY',
    `Import ${other} has files of ${display} now. This import goes on when that one has given them back: see what it waits for, or cancel it.`,
    { delayMs: 10_000 },
  );
}
