import type { MoveProgress, Register } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import type { Context } from '../context';
import { failWhereStopped, waitUntil } from '../waiting';

const silenceMs = 15_000;
/** How files in a state are described, in the order of the states. */
const doing = {
  moving: 'being carried over',
  moveCopied: 'being checked',
  moveVerified: 'becoming durable',
  moveSealed: 'being relinked',
} as const;

/** Waits until every bag has arrived or needs a person. */
export async function untilMoved(context: Context, register: Register, bags: readonly bigint[]): Promise<MoveProgress> {
  return waitUntil(context.out, {
    read: () => register.moves.progress(bags),
    isOver: ({ going }) => going === 0,
    line: ({ going, files }) =>
      [
        `${counted(going, 'bag')} on the way`,
        ...Object.entries(doing).flatMap(([state, words]) => {
          const some = files.filter((row) => row.state === state);
          const count = some.reduce((sum, row) => sum + row.files, 0);
          const bytes = some.reduce((sum, row) => sum + row.bytes, 0n);
          return count > 0 ? [`${counted(count, 'file')} (${formatBytes(bytes)}) ${words}`] : [];
        }),
      ].join(', '),
    silenceMs,
    onSilence: async () => {
      // Links are swapped only while nothing at all is stopped.
      await failWhereStopped(register, 'The move is asked for');
      return 'Nothing moves: are all services running, and are both stores there? "coldroom status" shows more. What was asked stays asked; waiting can be ended at any time (Ctrl-C) and changes nothing.';
    },
  });
}
