import type { Register } from '@coldroom/register';
import { flat } from '@coldroom/terminal';
import { csvOf } from './csv';
import { reportLines } from './lines';
import { makeReport } from './make-report';
import type { ReportOrder } from './order';
import { firstRows, type ReportRow } from './table-report';

const mostInFile = 5000;
const mostShown = 20;

/** A report as a mail says it, with a file for a spreadsheet. */
export interface MailableReport {
  readonly title: string;
  readonly lines: readonly string[];
  readonly csv: { readonly name: string; readonly content: string };
}

/** A report of everything, for addresses that an administrator chose. */
export async function mailableReport(register: Register, order: ReportOrder, now: Date): Promise<MailableReport> {
  const actor = { name: 'notifier', personId: null, roles: ['administrator' as const], leads: [] };
  const report = await makeReport({ register, actor, policy: { leadersDecide: false, fourEyes: false } }, order);
  const { shown, totals } = await firstRows(report, mostInFile);
  let content = '';
  for await (const line of csvOf({ ...report, rows: again(shown) })) content += line;
  const cut = totals.count > shown.length ? [`The file has the first ${shown.length} of ${totals.count} rows.`] : [];
  const [, ...lines] = flat(
    await reportLines({ ...report, rows: again(shown), notes: [...report.notes, ...cut] }, mostShown),
  );
  const name = `coldroom-${report.table.replaceAll(' ', '-')}-${now.toISOString().slice(0, 10)}.csv`;
  return { title: report.title, lines, csv: { name, content } };
}

async function* again(rows: readonly ReportRow[]): AsyncGenerator<ReportRow> {
  yield* rows;
}
