import { parseTargets, planUndo, undo, untilUndone, type UndoPlan } from '@coldroom/operations';
import { exitCodes } from '@coldroom/runtime';
import { counted, flat, formatBytes, type Lines } from '@coldroom/terminal';
import type { ChangeOptions, CliCommand, Result } from '../command';
import type { Context } from '../context';
import { becameStuck, words } from '../lines';
import { follow } from '../waiting';

interface Options extends ChangeOptions {
  readonly wait: boolean;
}

export function addUndo(program: CliCommand): void {
  program
    .command('undo')
    .argument('<objects...>', 'Request:3 or Image:7,8 or Fileset:9 (whole filesets are undone)')
    .description('put held originals back in the place of their links, and give up what is not linked yet')
    .dryRun('only show what would be undone')
    .yes()
    .option('--no-wait', 'do not wait until all originals are back')
    .by()
    .examples('undo Request:3 --dry-run', 'undo Image:7,8')
    .runs(runUndo);
}

async function runUndo(
  context: Context,
  named: readonly string[],
  { dryRun = false, yes, wait, by }: Options,
): Promise<Result> {
  const targets = parseTargets(named, ['Request', 'Image', 'Fileset']);
  return context.register(async (register) => {
    const plan = await planUndo(register, targets);
    const lines = flat(planLines(plan));
    if (dryRun || plan.back.files + plan.abandoned.files === 0)
      return {
        document: { dryRun, plan },
        lines: lines.length > 0 ? lines : 'There is nothing to undo.',
        exitCode: plan.released.files + plan.moving.files > 0 ? exitCodes.partly : exitCodes.ok,
      };
    await context.confirm([lines, 'Continue?'], yes);
    const undone = await undo(register, targets, by, context.notify);
    const waits = wait && undone.undoing + plan.back.files > 0;
    const stuck = waits
      ? await follow(
          context.out,
          untilUndone(register, targets),
          ({ files, bytes }) => `${counted(files, 'original')} (${formatBytes(bytes)}) still to be put back`,
        )
      : [];
    return {
      document: { ...undone, waited: wait, stuck },
      lines: [
        undone.undoing > 0 && doneLine(wait, stuck.length > 0),
        planLines({ ...plan, back: { files: 0, bytes: 0n } }),
        becameStuck(stuck),
      ],
      exitCode: stuck.length + undone.released + plan.moving.files > 0 ? exitCodes.partly : exitCodes.ok,
    };
  });
}

function doneLine(waited: boolean, someStuck: boolean): string {
  if (!waited) return 'The linker puts the originals back; "coldroom status" shows how far it is.';
  return someStuck
    ? 'The originals are back in their places, except for those of stuck files:'
    : 'The originals are back in their places.';
}

function planLines({ back, abandoned, released, moving, notStarted }: UndoPlan): Lines {
  return [
    back.files > 0 && `To put back: ${words(back)}`,
    abandoned.files > 0 && `Given up before they were linked: ${words(abandoned)}; their originals were never touched`,
    released.files > 0 &&
      `Not undone: ${words(released)}; their originals were released already: only a restore from the store can bring them back`,
    moving.files > 0 &&
      `Not undone: ${words(moving)}; they are on their way to another store: wait, or give that up with coldroom move --cancel`,
    notStarted.files > 0 && `Not started yet: ${counted(notStarted.files, 'file')}; decline the request instead`,
  ];
}
