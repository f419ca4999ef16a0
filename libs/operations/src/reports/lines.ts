import { below, formatBytes, formatCount, formatTime, left, pairs, right, table, type Lines } from '@coldroom/terminal';
import { firstRows, type Cell, type ReportColumn, type TableReport } from './table-report';

type Row = Readonly<Record<string, Cell>>;

/** A report for people: its first rows, their sum, and what one has to know of it. */
export async function reportLines(report: TableReport, limit: number): Promise<Lines> {
  const { shown, totals } = await firstRows(report, limit);
  const left = totals.count - shown.length;
  const rows = report.table === 'image' ? cards(report.columns, shown) : rowsOf(report.columns, shown, totals.row);
  return [
    report.title,
    '',
    totals.count === 0 ? 'Nothing to show.' : rows,
    left > 0 && `and ${formatCount(left)} more; the last line adds up all`,
    report.notes.length > 0 && ['', report.notes],
  ];
}

function rowsOf(columns: readonly ReportColumn[], rows: readonly Row[], totals: Row): Lines {
  const shown = columns.filter(({ fileOnly, name }) => !fileOnly && name !== 'currency');
  const hasSums = columns.some(({ sum }) => sum);
  return table(
    shown.map(({ title, kind }) => (kind === 'text' || kind === 'time' ? left(title) : right(title))),
    [
      ...rows.map((row) => shown.map((column) => written(column, row))),
      ...(hasSums ? [shown.map((column, at) => (column.sum ? written(column, totals) : at === 0 ? 'all' : ''))] : []),
    ],
  );
}

/** Each row below the values that all rows of its image share. */
function cards(columns: readonly ReportColumn[], rows: readonly Row[]): Lines {
  const at = columns.findIndex(({ name }) => name === 'path');
  const lines = (some: readonly ReportColumn[], row: Row): readonly string[] =>
    pairs(some.map((column) => [column.title, written(column, row)]));
  return [...Map.groupBy(rows, (row) => row['image_id'])].map(([, of]) => [
    lines(columns.slice(0, at), of[0] as Row),
    of.map((row) => below([lines(columns.slice(at), row), ''])),
  ]);
}

function written({ kind, name }: ReportColumn, row: Row): string {
  const cell = row[name] ?? null;
  if (cell === null) return '';
  if (cell instanceof Date) return formatTime(cell);
  if (typeof cell === 'string') return cell;
  if (kind === 'bytes') return cell < 0 ? `-${formatBytes(-cell)}` : formatBytes(cell);
  if (kind === 'money') return `${Number(cell).toFixed(2)} ${row['currency'] ?? ''}`;
  return kind === 'count' ? formatCount(cell) : cell.toString();
}
