/** How a column is written: money is an amount for a year, in the currency of another column. */
export type CellKind = 'text' | 'id' | 'count' | 'bytes' | 'time' | 'money';

export interface ReportColumn {
  /** Stable: programs rely on it, and docs/reports.md lists it. */
  readonly name: string;
  readonly title: string;
  readonly kind: CellKind;
  /** The rows can be added up. */
  readonly sum?: true;
  /** Left out where a person reads the table; always in files and documents. */
  readonly fileOnly?: true;
}

export type Cell = string | number | bigint | Date | null;
export type ReportRow = Readonly<Record<string, Cell>>;

/** Any report: tables, files, documents, pages and mails are all made of it. */
export interface TableReport {
  /** `usage`, and what its rows are: `usage by group`. */
  readonly table: string;
  readonly title: string;
  readonly columns: readonly ReportColumn[];
  readonly rows: AsyncIterable<ReportRow>;
  /** What a reader has to know, one sentence each. May grow while the rows are read. */
  readonly notes: readonly string[];
}

/** The first rows of a report, as JSON has them. */
export interface ReportDocument {
  readonly table: string;
  readonly title: string;
  readonly columns: readonly Pick<ReportColumn, 'name' | 'title' | 'kind'>[];
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
  /** Of all rows; only columns that can be added up. */
  readonly totals: Readonly<Record<string, string | number | null>>;
  /** How many rows there are, shown or not. */
  readonly count: number;
  readonly notes: readonly string[];
}

/** Adds up the rows that pass. */
export class Totals {
  private readonly sums = new Map<string, bigint>();
  count = 0;

  constructor(private readonly columns: readonly ReportColumn[]) {
    for (const { name, sum } of columns) if (sum) this.sums.set(name, 0n);
  }

  add(row: ReportRow): void {
    this.count += 1;
    for (const [name, sum] of this.sums) {
      const cell = row[name];
      if (typeof cell === 'bigint' || typeof cell === 'number') this.sums.set(name, sum + BigInt(cell));
    }
  }

  get row(): ReportRow {
    return Object.fromEntries(this.columns.flatMap(({ name }) => (this.sums.has(name) ? [[name, this.of(name)]] : [])));
  }

  private of(name: string): bigint {
    return this.sums.get(name) ?? 0n;
  }
}

/** Reads the whole report, and keeps its first rows and its totals. */
export async function firstRows(
  { columns, rows }: TableReport,
  limit: number,
): Promise<{ readonly shown: readonly ReportRow[]; readonly totals: Totals }> {
  const shown: ReportRow[] = [];
  const totals = new Totals(columns);
  for await (const row of rows) {
    totals.add(row);
    if (shown.length < limit) shown.push(row);
  }
  return { shown, totals };
}

export async function documentOf(report: TableReport, limit = Infinity): Promise<ReportDocument> {
  const { table, title, columns, notes } = report;
  const { shown, totals } = await firstRows(report, limit);
  return {
    table,
    title,
    columns: columns.map(({ name, title: its, kind }) => ({ name, title: its, kind })),
    rows: shown.map((row) => encoded(columns, row)),
    totals: encoded(
      columns.filter(({ sum }) => sum),
      totals.row,
    ),
    count: totals.count,
    notes: [...notes],
  };
}

function encoded(columns: readonly ReportColumn[], row: ReportRow): ReportDocument['rows'][number] {
  return Object.fromEntries(columns.map(({ name, kind }) => [name, plain(kind, row[name] ?? null)]));
}

/** Ids and bytes may be larger than what readers of JSON keep. */
function plain(kind: CellKind, cell: Cell): string | number | null {
  if (cell === null) return null;
  if (cell instanceof Date) return cell.toISOString();
  if (kind === 'count' || kind === 'money') return Number(cell);
  return cell.toString();
}

/** A report made of its document, as a console sent it. */
export function reportOf(document: ReportDocument, columns: readonly ReportColumn[]): TableReport {
  const cellOf = (kind: CellKind, value: string | number | null): Cell => {
    if (value === null || kind === 'text' || kind === 'money') return value;
    return kind === 'time' ? new Date(value) : BigInt(value);
  };
  return {
    ...document,
    columns,
    rows: (async function* rows() {
      for (const row of document.rows)
        yield Object.fromEntries(columns.map(({ name, kind }) => [name, cellOf(kind, row[name] ?? null)]));
    })(),
  };
}
