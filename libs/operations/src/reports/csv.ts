import { csvLine, type CsvValue } from '@coldroom/terminal';
import type { Cell, TableReport } from './table-report';

/** The lines of a file for a spreadsheet, with a header; read as the rows are. */
export async function* csvOf({ columns, rows }: Pick<TableReport, 'columns' | 'rows'>): AsyncGenerator<string> {
  yield csvLine(columns.map(({ name }) => name));
  for await (const row of rows) yield csvLine(columns.map(({ name }) => valueOf(row[name] ?? null)));
}

function valueOf(cell: Cell): CsvValue {
  return cell instanceof Date ? cell.toISOString() : cell;
}
