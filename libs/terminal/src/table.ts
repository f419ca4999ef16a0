import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly title: string;
  /** Numbers are right-aligned. */
  readonly right?: boolean;
}

/** Lines of aligned columns under their titles; an omitted cell is empty. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | undefined)[])[],
): readonly string[] {
  const all = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => width(row[at] ?? ''))));
  return all.map((row) =>
    columns
      .map((column, at) => {
        const cell = row[at] ?? '';
        const space = ' '.repeat((widths[at] ?? 0) - width(cell));
        return column.right ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Names before values, one pair per line; pairs without a value are omitted. */
export function pairs(entries: readonly (readonly [name: string, value: string | undefined])[]): readonly string[] {
  const given = entries.filter(([, value]) => value !== undefined && value !== '');
  const longest = Math.max(0, ...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(longest)}  ${value}`);
}

export function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
