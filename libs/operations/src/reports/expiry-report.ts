import type { Register, UsageFilter } from '@coldroom/register';
import type { TableReport } from './table-report';
import { reportTables } from './tables';
import { ownerCells } from './usage-report';

/** Archived data with an expiry, what is due first. */
export async function expiryReport({ usage }: Register, filter: UsageFilter, now = new Date()): Promise<TableReport> {
  const found = await usage.expiring(filter);
  const due = found.filter((one) => one.due !== null && one.due <= now).length;
  return {
    table: 'expiry',
    title: 'Archived data, by when its expiry is due',
    columns: reportTables.expiry,
    rows: (async function* rows() {
      for (const { requestId, expiry, writtenBy, images, files, bytes, description, ...of } of found)
        yield {
          due: of.due,
          expiry,
          request_id: requestId,
          ...ownerCells(of),
          images,
          files,
          bytes,
          description,
          written_by: writtenBy,
        };
    })(),
    notes: [
      `${due === 0 ? 'Nothing is' : `${due} of ${found.length} are`} due. Coldroom never deletes anything because of an expiry.`,
      'A number of years counts from the day of the request.',
    ],
  };
}
