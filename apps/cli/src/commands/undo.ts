import type { Command } from 'commander';
import type { Register, Target } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatBytes } from '@coldroom/terminal';
import { confirmed } from '../confirm';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import type { ExitCode } from '@coldroom/operations';
import { amount, byCode, selectedFiles, undoPlan, type Amount, type UndoPlan } from '@coldroom/operations';
import { byOption, yesOption } from '../options';
import { countLines } from '@coldroom/operations';
import { parseTargets } from '@coldroom/operations';
import { failWhereStopped, oneByOne, waitUntil } from '../waiting';

interface Options {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly by?: string;
}

type Undone = Awaited<ReturnType<Register['operator']['undo']>>;

const silenceMs = 10_000;
const released = 'their originals were released already: only a restore from the store can bring them back';

export function addUndo(program: Command, act: Act): void {
  program
    .command('undo')
    .argument('<objects...>', 'Request:3 or Image:7,8 or Fileset:9 (whole filesets are undone)')
    .description('put held originals back in the place of their links, and give up what is not linked yet')
    .option('--dry-run', 'only show what would be undone')
    .option(...yesOption)
    .option('--no-wait', 'do not wait until all originals are back')
    .option(...byOption)
    .addHelpText('after', examples('undo Request:3 --dry-run', 'undo Image:7,8'))
    .action((words: readonly string[], options: Options) => act((context) => undo(context, words, options)));
}

async function undo(context: Context, words: readonly string[], options: Options): Promise<ExitCode> {
  const targets = parseTargets(words, ['Request', 'Image', 'Fileset']);
  return context.register(async (register) => {
    const plan = undoPlan(await selectedFiles(register, targets, 'filesets'));
    if (options.dryRun || plan.back.files + plan.abandoned.files === 0) {
      context.out.result({ dryRun: options.dryRun ?? false, plan }, () =>
        isEmpty(plan) ? ['There is nothing to undo.'] : planLines(plan),
      );
      return plan.released.files + plan.moving.files > 0 ? exitCodes.partly : exitCodes.ok;
    }
    const question = `${planLines(plan).join('\n')}\nContinue?`;
    if (!(await confirmed(question, { yes: options.yes ?? false, json: context.out.json }))) {
      context.out.note('Nothing was changed.');
      return exitCodes.failed;
    }
    const undone = await askForUndo(context, register, targets, options.by ?? person());
    const stuck =
      options.wait && undone.undoing + plan.back.files > 0 ? await untilBack(context, register, targets) : [];
    context.out.result({ ...undone, waited: options.wait, stuck }, () => [
      ...(undone.undoing > 0 ? [doneLine(options.wait, stuck.length > 0)] : []),
      ...planLines({ ...plan, back: { files: 0, bytes: 0n } }),
      ...stuck.flatMap(countLines),
    ]);
    return stuck.length > 0 || undone.released > 0 || plan.moving.files > 0 ? exitCodes.partly : exitCodes.ok;
  });
}

function doneLine(waited: boolean, someStuck: boolean): string {
  if (!waited) return 'The linker puts the originals back; "coldroom status" shows how far it is.';
  return someStuck
    ? 'The originals are back in their places, except for those of stuck files:'
    : 'The originals are back in their places.';
}

async function askForUndo(
  context: Context,
  register: Register,
  targets: readonly Target[],
  by: string,
): Promise<Undone> {
  const results = await oneByOne(context.out, targets, (target) => register.operator.undo(target, by));
  const sum = (pick: (result: Undone) => number): number => results.reduce((total, result) => total + pick(result), 0);
  return {
    undoing: sum((one) => one.undoing),
    abandoned: sum((one) => one.abandoned),
    released: sum((one) => one.released),
  };
}

/** Waits until no file is `undoing`; returns those that became stuck on the way. */
async function untilBack(
  context: Context,
  register: Register,
  targets: readonly Target[],
): Promise<ReturnType<typeof byCode>> {
  const rows = await waitUntil(context.out, {
    read: () => selectedFiles(register, targets, 'filesets'),
    isOver: (now) => now.every((row) => row.state !== 'undoing'),
    line: (now) => {
      const { files, bytes } = amount(now, (row) => row.state === 'undoing');
      return `${counted(files, 'original')} (${formatBytes(bytes)}) still to be put back`;
    },
    silenceMs,
    onSilence: async () => {
      await failWhereStopped(register, 'The undo is recorded', (name) => name === 'all' || name === 'stage:undo');
      return 'Nothing moves: is the linker running? The undo is recorded; waiting can be ended at any time (Ctrl-C) and changes nothing.';
    },
  });
  return byCode(rows.filter((row) => row.state === 'stuck'));
}

function planLines({ back, abandoned, released: gone, moving, notStarted }: UndoPlan): readonly string[] {
  return [
    ...(back.files > 0 ? [`To put back: ${counted(back.files, 'file')}, ${formatBytes(back.bytes)}`] : []),
    ...(abandoned.files > 0
      ? [
          `Given up before they were linked: ${counted(abandoned.files, 'file')}, ${formatBytes(abandoned.bytes)}; their originals were never touched`,
        ]
      : []),
    ...(gone.files > 0 ? [`Not undone: ${counted(gone.files, 'file')}, ${formatBytes(gone.bytes)}; ${released}`] : []),
    ...(moving.files > 0
      ? [
          `Not undone: ${counted(moving.files, 'file')}, ${formatBytes(moving.bytes)}; they are on their way to another store: wait, or give that up with coldroom move --cancel`,
        ]
      : []),
    ...(notStarted.files > 0
      ? [`Not started yet: ${counted(notStarted.files, 'file')}; decline the request instead`]
      : []),
  ];
}

function isEmpty(plan: UndoPlan): boolean {
  return Object.values(plan).every((part: Amount) => part.files === 0);
}
