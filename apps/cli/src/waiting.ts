import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, NotYet } from '@coldroom/domain';
import type { Register, Target } from '@coldroom/register';
import { formatDuration } from '@coldroom/terminal';
import { harmless, type Output } from './output';
import { nameOf } from '@coldroom/operations';

const busyPauseMs = 1000;
const pollMs = 500;
const plainEveryMs = 5000;
const spinner = '|/-\\';

/** Repeats while a worker holds a bag, for at most a minute; then the last refusal is thrown. */
export async function untilNotBusy<T>(out: Output, work: () => Promise<T>, limitMs = 60_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (let told = false; ; told = true) {
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) !== 'BAG_BUSY' || performance.now() >= deadline) throw error;
      if (!told) out.note(`${(error as Error).message}: tried again for up to ${limitMs / 1000} s`);
      await sleep(busyPauseMs);
    }
  }
}

/** Processes one target after another, each when its bags are free. If one fails, it reports which were done before. */
export async function oneByOne<T>(
  out: Output,
  targets: readonly Target[],
  act: (target: Target) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  for (const target of targets) {
    try {
      results.push(await untilNotBusy(out, () => act(target)));
    } catch (error) {
      if (results.length > 0)
        out.note(
          `Done before the failure: ${targets.slice(0, results.length).map(nameOf).join(' ')}. To repeat the whole command does no harm.`,
        );
      throw error;
    }
  }
  return results;
}

/** Work of the services that a command waits for. */
export interface Wait<T> {
  readonly read: () => Promise<T>;
  readonly isOver: (now: T) => boolean;
  /** The progress. */
  readonly line: (now: T) => string;
  /**
   * Called where the progress did not change for `silenceMs`: may end the wait with an error, or return a note. One
   * note is enough; until there is one it is called again.
   */
  readonly onSilence?: (now: T) => Promise<string | undefined>;
  readonly silenceMs?: number;
}

/**
 * Reads until it is over, with progress for people, and returns what was read last. Waiting may be ended at any time.
 */
export async function waitUntil<T>(
  out: Output,
  { read, isOver, line: lineOf, onSilence, silenceMs = Infinity }: Wait<T>,
): Promise<T> {
  const live = new LiveLines(out, 'stderr');
  const begun = performance.now();
  let [before, lastChange, isNoted] = ['', begun, false];
  try {
    for (; ; await sleep(pollMs)) {
      const now = await read();
      if (isOver(now)) return now;
      const line = lineOf(now);
      if (line !== before) lastChange = performance.now();
      before = line;
      live.spin(`${line} (${formatDuration(performance.now() - begun)})`);
      if (!onSilence || isNoted || performance.now() - lastChange <= silenceMs) continue;
      lastChange = performance.now();
      const note = await onSilence(now);
      if (note === undefined) continue;
      isNoted = true;
      live.clear();
      out.note(note);
    }
  } finally {
    live.clear();
  }
}

/** A script must not wait for a person. `what` was requested, and stays so. */
export async function failWhereStopped(
  register: Register,
  what: string,
  concerns: (name: string) => boolean = () => true,
): Promise<void> {
  const stopped = (await register.switches.list()).find((one) => one.stopped && concerns(one.name));
  if (stopped)
    throw new NotYet(
      'STOPPED',
      `${what}, but ${stopped.name} is stopped (${stopped.reason ?? 'no reason given'}): it goes on after "coldroom resume"`,
    );
}

/** Lines that are redrawn on a terminal; elsewhere the last one is written now and then. Nothing with `--json`. */
export class LiveLines {
  private drawn = 0;
  private turn = 0;
  private lastPlain = -Infinity;
  private readonly stream: NodeJS.WriteStream;

  constructor(
    private readonly out: Output,
    where: 'stdout' | 'stderr',
  ) {
    this.stream = process[where];
  }

  /** @param plain the line that replaces all lines where there is no terminal */
  draw(lines: readonly string[], plain: string): void {
    if (this.out.json) return;
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
