export type CsvValue = string | number | bigint | null;

/** A column of a file, with what is in it of each row. */
export interface CsvColumn<Row> {
  readonly name: string;
  readonly of: (row: Row) => CsvValue;
}

const end = '\r\n';

/** As RFC 4180 has it, with a header. */
export function toCsv<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const lines = rows.map((row) => csvLine(columns.map(({ of }) => of(row))));
  return csvLine(columns.map(({ name }) => name)) + lines.join('');
}

/** One line, with its end. */
export function csvLine(values: readonly CsvValue[]): string {
  return values.map(cellOf).join(',') + end;
}

/** What a spreadsheet runs as a formula, where it begins a cell, with or without a quote in front. */
const formula = /(^|[;\t\r\n])(?="*[=+\-@])/g;

/**
 * Numbers stay numbers. A text that a spreadsheet would run as a formula gets an apostrophe in front of it, also within
 * the text: spreadsheets with German or French settings begin a cell after each semicolon, whatever the quotes say.
 */
function cellOf(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value !== 'string') return value.toString();
  const safe = value.replace(formula, "$1'").replace(/^[\t\r]/, "'$&");
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
