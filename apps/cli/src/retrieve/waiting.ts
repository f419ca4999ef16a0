import { setTimeout as sleep } from 'node:timers/promises';
import { NotYet, type FileState } from '@coldroom/domain';
import type { Register, Target } from '@coldroom/register';
import { counted, formatBytes } from '@coldroom/terminal';
import type { Context } from '../context';
import { amount, byCode, selectedFiles } from '../selected-files';
import { LiveLines } from '../waiting';

const pollMs = 500;
const silenceMs = 15_000;
const onTheWay: readonly FileState[] = ['retrieving', 'online', 'fetched', 'fetchVerified', 'undoing'];
/** What is told of files in a state, in the order in which they go. */
const doing = {
  retrieving: 'being brought online',
  online: 'being fetched',
  fetched: 'being proven',
  fetchVerified: 'being put in place',
  undoing: 'being put back',
} as const;

/** Waits until no file of these is being retrieved; gives those that became stuck. Waiting may be ended at any time. */
export async function untilBack(
  context: Context,
  register: Register,
  targets: readonly Target[],
): Promise<ReturnType<typeof byCode>> {
  const live = new LiveLines(context.out, 'stderr');
  let lastChange = performance.now();
  for (let before = '', told = false; ;) {
    const rows = await selectedFiles(register, targets, 'filesets');
    if (amount(rows, (row) => onTheWay.includes(row.state)).files === 0 || onlyStuckHoldsUp(rows)) {
      live.clear();
      return byCode(rows.filter((row) => row.state === 'stuck'));
    }
    const now = Object.entries(doing)
      .flatMap(([state, words]) => {
        const { files, bytes } = amount(rows, (row) => row.state === state);
        return files > 0 ? [`${counted(files, 'file')} (${formatBytes(bytes)}) ${words}`] : [];
      })
      .join(', ');
    if (now !== before) lastChange = performance.now();
    before = now;
    live.spin(now);
    if (!told && performance.now() - lastChange > silenceMs) {
      told = true;
      live.clear();
      await failWhereStopped(register);
      context.out.note(
        'Nothing moves: are all services running, and is the store there? "coldroom status" shows more. What was asked stays asked; waiting can be ended at any time (Ctrl-C) and changes nothing.',
      );
    }
    await sleep(pollMs);
  }
}

/** Proven files whose fileset has a stuck one wait for a person, who may be a long time coming. */
function onlyStuckHoldsUp(rows: Awaited<ReturnType<typeof selectedFiles>>): boolean {
  return (
    rows.some((row) => row.state === 'stuck') &&
    rows.every((row) => !onTheWay.includes(row.state) || row.state === 'fetchVerified')
  );
}

async function failWhereStopped(register: Register): Promise<void> {
  const stages = ['bring-online', 'fetch', 'verify-fetched', 'place', 'undo'].map((name) => `stage:${name}`);
  const stopped = (await register.switches.list()).find((one) => one.stopped && stages.includes(one.name));
  if (stopped)
    throw new NotYet(
      'STOPPED',
      `It is asked for, but ${stopped.name} is stopped (${stopped.reason ?? 'no reason given'}): it goes on after "coldroom resume"`,
    );
}
