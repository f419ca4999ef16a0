import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/**
 * The output of a command. Standard output has its result only: lines for people, or with `--json` one document.
 * Progress and notes go to standard error.
 */
export class Output {
  constructor(readonly json: boolean) {}

  /** The result; once per command. */
  result(document: unknown, lines: () => Iterable<string>): void {
    if (this.json) process.stdout.write(`${toJson(document)}\n`);
    else for (const line of lines()) process.stdout.write(`${harmless(line)}\n`);
  }

  /** An interim note, for people only. */
  note(line: string): void {
    if (!this.json) process.stderr.write(`${harmless(line)}\n`);
  }

  failure(document: unknown, lines: readonly string[]): void {
    if (this.json) process.stderr.write(`${toJson(document)}\n`);
    else for (const line of lines) process.stderr.write(`${harmless(line)}\n`);
  }
}

/** Coloured where standard output is a terminal and NO_COLOR is not set. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/**
 * Names of images, files and people are written by people: a control character in one could fake or hide a line.
 * Everything except our own colours is shown as `\xNN`.
 */
export function harmless(line: string): string {
  return line.replace(/\x1b\[[0-9;]*m|[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (found) =>
    found.length > 1
      ? found
      : [...Buffer.from(found)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

/** 64-bit ids and sizes as strings: JSON readers would round them. */
export function toJson(document: unknown): string {
  return JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2);
}
