import type { Command } from 'commander';
import type { PlannedBag, Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted } from '@coldroom/terminal';
import { confirmed } from '../confirm';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import type { ExitCode } from '@coldroom/operations';
import { selectedFiles } from '@coldroom/operations';
import {
  amountIn,
  between,
  leftLines,
  movePlan,
  movePlanLines,
  type Between,
  type MovePlan,
} from '@coldroom/operations';
import { untilMoved } from './move-waiting';
import { byOption, yesOption } from '../options';
import { countLines } from '@coldroom/operations';
import { parseTargets } from '@coldroom/operations';
import { untilNotBusy } from '../waiting';

interface Options {
  readonly from: string;
  readonly to: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly cancel?: boolean;
  readonly by?: string;
}

/** The number of bags of a request whose move starts in one transaction. */
const bagsAtOnce = 200;

export function addMove(program: Command, act: Act): void {
  program
    .command('move')
    .description(
      'move archived bags to another store: copied, proven and durable there, then all links lead there; nothing is deleted',
    )
    .argument(
      '[objects...]',
      'Request:3 or Image:7,8 or Fileset:9: the whole bags that hold them (default: all bags of the store)',
    )
    .requiredOption('--from <store>', 'the store that they leave')
    .requiredOption('--to <store>', 'the store that they go to')
    .option('--dry-run', 'only show which bags would go, and which cannot')
    .option(...yesOption)
    .option('--no-wait', 'only ask for it, and do not wait until all is there')
    .option('--cancel', 'give up what is on its way; its links lead to the old store, as before')
    .option(...byOption)
    .addHelpText(
      'after',
      examples(
        'move --from disk --to tape --dry-run',
        'move --from disk --to cloud Request:3',
        'move --from disk --to tape --cancel',
      ),
    )
    .action((words: readonly string[], options: Options) => act((context) => move(context, words, options)));
}

async function move(context: Context, words: readonly string[], options: Options): Promise<ExitCode> {
  const targets = parseTargets(words, ['Request', 'Image', 'Fileset']);
  const stores = await between(context.settings('stores').COLDROOM_STORES, options.from, options.to);
  return context.register(async (register) => {
    await selectedFiles(register, targets, 'filesets'); // targets that the register does not know are reported first
    const plan = await movePlan(register, stores, targets);
    if (options.cancel) return cancel(context, register, plan, stores, options);
    if (options.dryRun || plan.movable.length === 0) {
      context.out.result({ dryRun: options.dryRun ?? false, ...document(plan, stores) }, () =>
        movePlanLines(plan, stores),
      );
      return plan.notNow.length > 0 ? exitCodes.partly : exitCodes.ok;
    }
    if (
      !(await confirmed(`${movePlanLines(plan, stores).join('\n')}\nContinue?`, {
        yes: options.yes ?? false,
        json: context.out.json,
      }))
    ) {
      context.out.note('Nothing was changed.');
      return exitCodes.failed;
    }
    const asked = await eachRequest(context, plan.movable, (bags) =>
      register.moves.ask(bags, stores, options.by ?? person()),
    );
    return options.wait ? ended(context, register, plan, stores, asked) : notWaited(context, plan, stores, asked);
  });
}

function notWaited(context: Context, plan: MovePlan, stores: Between, asked: number): ExitCode {
  context.out.result({ asked, waited: false, ...document(plan, stores) }, () => [
    `${counted(asked, 'bag')} on the way to store ${stores.to}; "coldroom status" shows how far it is.`,
    ...movePlanLines({ ...plan, movable: [] }, stores).filter(() => plan.notNow.length > 0),
  ]);
  return plan.notNow.length > 0 ? exitCodes.partly : exitCodes.ok;
}

async function ended(
  context: Context,
  register: Register,
  plan: MovePlan,
  stores: Between,
  asked: number,
): Promise<ExitCode> {
  const { blocked, files } = await untilMoved(
    context,
    register,
    plan.movable.map((bag) => bag.id),
  );
  const stuck = files.filter((row) => row.state === 'stuck');
  const moved = asked - blocked;
  context.out.result({ asked, moved, blocked, waited: true, stuck, ...document(plan, stores) }, () => [
    ...(moved > 0
      ? [
          `${counted(moved, 'bag')} moved: all links lead to store ${stores.to}${stuck.length > 0 ? ', but for those of stuck files' : ''}.`,
        ]
      : []),
    ...(blocked > 0
      ? [`Blocked by stuck files: ${counted(blocked, 'bag')}; their links lead to store ${stores.from}, as before`]
      : []),
    ...stuck.flatMap((row) => countLines({ ...row, code: row.code ?? 'UNKNOWN' })),
    ...leftLines(plan.movable, stores),
    ...(plan.notNow.length > 0 ? movePlanLines({ ...plan, movable: [] }, stores) : []),
  ]);
  return stuck.length > 0 || plan.notNow.length > 0 ? exitCodes.partly : exitCodes.ok;
}

async function cancel(
  context: Context,
  register: Register,
  { underWay }: MovePlan,
  stores: Between,
  { dryRun, yes, by }: Options,
): Promise<ExitCode> {
  const bags = underWay.filter((bag) => bag.movingTo === stores.to);
  const nothing = `Nothing is on its way from store ${stores.from} to store ${stores.to}.`;
  const question = `On the way to store ${stores.to}: ${counted(bags.length, 'bag')}. Their files stay archived in store ${stores.from}; what lies in ${stores.to} already stays there, too. Continue?`;
  if (!dryRun && bags.length > 0 && !(await confirmed(question, { yes: yes ?? false, json: context.out.json }))) {
    context.out.note('Nothing was changed.');
    return exitCodes.failed;
  }
  const cancelled = dryRun
    ? 0
    : await eachRequest(context, bags, (some) => register.moves.cancel(some, by ?? person()));
  context.out.result({ dryRun: dryRun ?? false, cancelled, bags: bags.map((bag) => bag.name) }, () => {
    if (bags.length === 0) return [nothing];
    if (dryRun) return [`Would stay in store ${stores.from}: ${counted(bags.length, 'bag')}`];
    return [
      `Stays in store ${stores.from}: ${counted(cancelled, 'bag')}. What was copied to store ${stores.to} stays there, too; links that lead there are swapped back.`,
      `Should store ${stores.from} be lost meanwhile, the same move without --cancel leads all links to ${stores.to}.`,
    ];
  });
  return exitCodes.ok;
}

/** Does something with bags of one request after another, each when they are free. */
async function eachRequest(
  context: Context,
  bags: readonly PlannedBag[],
  act: (bags: readonly bigint[]) => Promise<number>,
): Promise<number> {
  let done = 0;
  for (const group of Map.groupBy(bags, (bag) => bag.requestId).values()) {
    for (let start = 0; start < group.length; start += bagsAtOnce) {
      done += await untilNotBusy(context.out, () => act(group.slice(start, start + bagsAtOnce).map((bag) => bag.id)));
    }
  }
  return done;
}

function document(plan: MovePlan, { from, to, leftIn, inUse }: Between): Readonly<Record<string, unknown>> {
  const part = (bags: readonly PlannedBag[]): unknown => ({
    bags: bags.map(({ name, states, movingTo }) => ({ name, states, ...(movingTo === null ? {} : { movingTo }) })),
    ...amountIn(bags),
  });
  return {
    from,
    to,
    left: { store: from, where: leftIn, inUse, bags: leftIn === '' ? [] : plan.movable.map((bag) => bag.name) },
    movable: part(plan.movable),
    underWay: part(plan.underWay),
    notNow: part(plan.notNow),
  };
}
