import { harmless } from './lines';

const plainEveryMs = 5000;
const spinner = '|/-\\';

/** Lines that are redrawn on a terminal; elsewhere one line is written now and then. */
export class LiveLines {
  private drawn = 0;
  private turn = 0;
  private lastPlain = -Infinity;

  /** @param isSilent draws nothing */
  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly isSilent = false,
  ) {}

  /** @param plain the line that replaces all lines where there is no terminal */
  draw(lines: readonly string[], plain: string): void {
    if (this.isSilent) return;
    if (this.stream.isTTY) this.redraw(lines);
    else if (performance.now() - this.lastPlain >= plainEveryMs) {
      this.lastPlain = performance.now();
      this.stream.write(`${harmless(plain)}\n`);
    }
  }

  /** One line with a spinner, to show that the command waits. */
  spin(line: string): void {
    this.turn += 1;
    this.draw([`${spinner[this.turn % spinner.length]} ${line}`], line);
  }

  /** Erases what was drawn, so that the result can follow. */
  clear(): void {
    if (this.drawn > 0) this.stream.write(`\x1b[${this.drawn}A\x1b[J`);
    this.drawn = 0;
  }

  private redraw(lines: readonly string[]): void {
    const columns = this.stream.columns || 80;
    // A line that wraps would be two, and the next drawing would start too low.
    const fitting = lines.map((line) => harmless(line).slice(0, columns - 1));
    this.stream.write(`${this.drawn > 0 ? `\x1b[${this.drawn}A\x1b[J` : ''}${fitting.join('\n')}\n`);
    this.drawn = fitting.length;
  }
}
