import type { FileState } from '@coldroom/domain';
import type { Register, Target } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import type { Context } from '../context';
import { amount, byCode, selectedFiles } from '@coldroom/operations';
import { failWhereStopped, waitUntil } from '../waiting';

const silenceMs = 15_000;
const stages = ['bring-online', 'fetch', 'verify-fetched', 'place', 'undo'].map((name) => `stage:${name}`);
const onTheWay: readonly FileState[] = ['retrieving', 'online', 'fetched', 'fetchVerified', 'undoing'];
/** How files in a state are described, in the order of the states. */
const doing = {
  retrieving: 'being brought online',
  online: 'being fetched',
  fetched: 'being proven',
  fetchVerified: 'being put in place',
  undoing: 'being put back',
} as const;

/** Waits until none of these files is being retrieved; returns those that became stuck. */
export async function untilBack(
  context: Context,
  register: Register,
  targets: readonly Target[],
): Promise<ReturnType<typeof byCode>> {
  const rows = await waitUntil(context.out, {
    read: () => selectedFiles(register, targets, 'filesets'),
    isOver: (now) => amount(now, (row) => onTheWay.includes(row.state)).files === 0 || onlyStuckHoldsUp(now),
    line: (now) =>
      Object.entries(doing)
        .flatMap(([state, words]) => {
          const { files, bytes } = amount(now, (row) => row.state === state);
          return files > 0 ? [`${counted(files, 'file')} (${formatBytes(bytes)}) ${words}`] : [];
        })
        .join(', '),
    silenceMs,
    onSilence: async () => {
      await failWhereStopped(register, 'It is asked for', (name) => stages.includes(name));
      return 'Nothing moves: are all services running, and is the store there? "coldroom status" shows more. What was asked stays asked; waiting can be ended at any time (Ctrl-C) and changes nothing.';
    },
  });
  return byCode(rows.filter((row) => row.state === 'stuck'));
}

/** Proven files whose fileset has a stuck one wait for a person, which may take long. */
function onlyStuckHoldsUp(rows: Awaited<ReturnType<typeof selectedFiles>>): boolean {
  return (
    rows.some((row) => row.state === 'stuck') &&
    rows.every((row) => !onTheWay.includes(row.state) || row.state === 'fetchVerified')
  );
}
