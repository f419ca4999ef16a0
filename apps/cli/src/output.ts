import { once } from 'node:events';
import { styleText } from 'node:util';
import { flat, harmless, type Lines } from '@coldroom/terminal';

type Style = Parameters<typeof styleText>[0];

/**
 * The output of a command. Standard output has its result only: lines for people, or with `--json` one document.
 * Progress and notes go to standard error.
 */
export class Output {
  constructor(readonly json: boolean) {}

  /** The result; once per command. */
  result(document: unknown, lines: Lines): void {
    this.write(process.stdout, document, lines);
  }

  failure(document: unknown, lines: Lines): void {
    this.write(process.stderr, document, lines);
  }

  /** An interim note, for people only. */
  note(lines: Lines): void {
    if (!this.json) this.write(process.stderr, undefined, lines);
  }

  /** A long result, as it is made; waits where the reader is slow. */
  async stream(parts: AsyncIterable<string>): Promise<void> {
    for await (const part of parts) if (!process.stdout.write(part)) await once(process.stdout, 'drain');
  }

  private write(stream: NodeJS.WriteStream, document: unknown, lines: Lines): void {
    if (this.json) stream.write(`${toJson(document)}\n`);
    else for (const line of flat(lines)) stream.write(`${harmless(line)}\n`);
  }
}

/** Coloured where standard output is a terminal and NO_COLOR is not set. */
export function styled(style: Style, text: string): string {
  const { stdout } = process;
  return stdout.isTTY && stdout.hasColors() ? styleText(style, text, { validateStream: false }) : text;
}

/** 64-bit ids and sizes as strings: JSON readers would round them. */
export function toJson(document: unknown): string {
  return JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2);
}
