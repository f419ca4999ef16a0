import type { Waiting } from '@coldroom/operations';
import { formatDuration, LiveLines } from '@coldroom/terminal';
import type { Output } from './output';

const nothingMoves =
  'Nothing moves: are all services running, and are the stores available? "coldroom status" shows more. The request remains; waiting can be ended at any time (Ctrl-C) and changes nothing.';

/** Does work that shows one line of progress, which is erased at the end. */
export async function withProgress<R>(out: Output, work: (show: (line: string) => void) => Promise<R>): Promise<R> {
  const live = new LiveLines(process.stderr, out.json);
  try {
    return await work((line) => live.spin(line));
  } finally {
    live.clear();
  }
}

/**
 * Waits with progress, and returns the result. Waiting may be ended at any time.
 * @param still a note for where nothing moves, shown once
 */
export async function follow<T, R>(
  out: Output,
  steps: AsyncGenerator<Waiting<T>, R>,
  line: (now: T) => string,
  still: (now: T) => string | undefined = () => nothingMoves,
): Promise<R> {
  const live = new LiveLines(process.stderr, out.json);
  const begun = performance.now();
  let isNoted = false;
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
      const { now, isStill } = step.value;
      live.spin(`${line(now)} (${formatDuration(performance.now() - begun)})`);
      const note = isStill && !isNoted ? still(now) : undefined;
      if (note === undefined) continue;
      isNoted = true;
      live.clear();
      out.note(note);
    }
  } finally {
    live.clear();
  }
}
