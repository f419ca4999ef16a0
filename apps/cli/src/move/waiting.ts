import { setTimeout as sleep } from 'node:timers/promises';
import { NotYet } from '@coldroom/domain';
import type { MoveProgress, Register } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import type { Context } from '../context';
import { LiveLines } from '../waiting';

const pollMs = 500;
const silenceMs = 15_000;
/** What is told of files in a state, in the order in which they go. */
const doing = {
  moving: 'being carried over',
  moveCopied: 'being checked',
  moveVerified: 'becoming durable',
  moveSealed: 'being relinked',
} as const;

/** Waits until no bag goes on by itself any more. Waiting may be ended at any time. */
export async function untilMoved(context: Context, register: Register, bags: readonly bigint[]): Promise<MoveProgress> {
  const live = new LiveLines(context.out, 'stderr');
  let lastChange = performance.now();
  for (let before = '', told = false; ;) {
    const progress = await register.moves.progress(bags);
    if (progress.going === 0) {
      live.clear();
      return progress;
    }
    const now = [
      `${counted(progress.going, 'bag')} on the way`,
      ...Object.entries(doing).flatMap(([state, words]) => {
        const some = progress.files.filter((row) => row.state === state);
        const [files, bytes] = [
          some.reduce((sum, row) => sum + row.files, 0),
          some.reduce((sum, row) => sum + row.bytes, 0n),
        ];
        return files > 0 ? [`${counted(files, 'file')} (${formatBytes(bytes)}) ${words}`] : [];
      }),
    ].join(', ');
    if (now !== before) lastChange = performance.now();
    before = now;
    live.spin(now);
    if (!told && performance.now() - lastChange > silenceMs) {
      told = true;
      live.clear();
      await failWhereStopped(register);
      context.out.note(
        'Nothing moves: are all services running, and are both stores there? "coldroom status" shows more. What was asked stays asked; waiting can be ended at any time (Ctrl-C) and changes nothing.',
      );
    }
    await sleep(pollMs);
  }
}

/** Links are swapped only while nothing at all is stopped, and a script must not wait for a person. */
async function failWhereStopped(register: Register): Promise<void> {
  const stopped = (await register.switches.list()).find((one) => one.stopped);
  if (stopped)
    throw new NotYet(
      'STOPPED',
      `The move is asked for, but ${stopped.name} is stopped (${stopped.reason ?? 'no reason given'}): it goes on after "coldroom resume"`,
    );
}
