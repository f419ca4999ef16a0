import { formatCount } from './bytes';
import { indented, type Column } from './table';

/** Lines of text. What does not apply is false or undefined. */
export type Lines = string | false | undefined | readonly Lines[];

export function flat(lines: Lines): readonly string[] {
  if (lines === false || lines === undefined) return [];
  return typeof lines === 'string' ? [lines] : lines.flatMap(flat);
}

/** Further lines below another one. */
export function below(lines: Lines): Lines {
  return indented(flat(lines));
}

/** A title with lines below it; nothing without lines. */
export function section(title: string, lines: Lines): Lines {
  const body = flat(lines);
  return body.length > 0 && ['', title, below(body)];
}

/** The first lines, and how many are left out. */
export function shortened(lines: readonly Lines[], total: number = lines.length, limit: number = lines.length): Lines {
  const shown = lines.slice(0, limit);
  return [shown, total > shown.length && `and ${formatCount(total - shown.length)} more`];
}

export const left = (title: string): Column => ({ title });
export const right = (title: string): Column => ({ title, right: true });

/**
 * Names of images, files and people are written by people: a control character in one could fake or hide a line.
 * Everything except colours is shown as `\xNN`.
 */
export function harmless(line: string): string {
  return line.replace(/\x1b\[[0-9;]*m|[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (found) =>
    found.length > 1
      ? found
      : [...Buffer.from(found)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}
