import {
  between,
  byCode,
  cancellable,
  cancelMove,
  move,
  parseTargets,
  planMove,
  untilMoved,
  type Between,
  type MovePlan,
} from '@coldroom/operations';
import type { Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted } from '@coldroom/terminal';
import type { ChangeOptions, CliCommand, Result } from '../command';
import type { Context } from '../context';
import { becameStuck } from '../lines';
import { follow } from '../waiting';
import { leftLines, planDocument, planLines, progressLine } from './move-lines';

interface Options extends ChangeOptions {
  readonly from: string;
  readonly to: string;
  readonly wait: boolean;
  readonly cancel?: boolean;
}

export function addMove(program: CliCommand): void {
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
    .dryRun('only show which bags would go, and which cannot')
    .yes()
    .option('--no-wait', 'only ask for it, and do not wait until all is there')
    .option('--cancel', 'give up what is on its way; its links lead to the old store, as before')
    .by()
    .examples(
      'move --from disk --to tape --dry-run',
      'move --from disk --to cloud Request:3',
      'move --from disk --to tape --cancel',
    )
    .runs(async (context, named: readonly string[], options: Options) => {
      const targets = parseTargets(named, ['Request', 'Image', 'Fileset']);
      const stores = await between(context.settings('stores').COLDROOM_STORES, options.from, options.to);
      return context.register(async (register) => {
        const plan = await planMove(register, stores, targets);
        const act = options.cancel ? cancel : ask;
        return act(context, register, plan, stores, options);
      });
    });
}

async function ask(
  context: Context,
  register: Register,
  plan: MovePlan,
  stores: Between,
  { dryRun = false, yes, wait, by }: Options,
): Promise<Result> {
  const document = planDocument(plan, stores);
  const shown = planLines(plan, stores);
  const exitCode = plan.notNow.length > 0 ? exitCodes.partly : exitCodes.ok;
  if (dryRun || plan.movable.length === 0) return { document: { dryRun, ...document }, lines: shown, exitCode };
  await context.confirm([shown, 'Continue?'], yes);
  const asked = await move(register, plan, stores, by, context.notify);
  const rest = plan.notNow.length > 0 && planLines({ ...plan, movable: [] }, stores);
  if (!wait)
    return {
      document: { asked, waited: false, ...document },
      lines: [
        `${counted(asked, 'bag')} on the way to store ${stores.to}; "coldroom status" shows how far it is.`,
        rest,
      ],
      exitCode,
    };
  const ids = plan.movable.map((bag) => bag.id);
  const { blocked, files } = await follow(context.out, untilMoved(register, ids), progressLine);
  const stuck = files.filter((row) => row.state === 'stuck');
  const moved = asked - blocked;
  return {
    document: { asked, moved, blocked, waited: true, stuck, ...document },
    lines: [
      moved > 0 &&
        `${counted(moved, 'bag')} moved: all links lead to store ${stores.to}${stuck.length > 0 ? ', but for those of stuck files' : ''}.`,
      blocked > 0 &&
        `Blocked by stuck files: ${counted(blocked, 'bag')}; their links lead to store ${stores.from}, as before`,
      becameStuck(byCode(stuck)),
      leftLines(plan.movable, stores),
      rest,
    ],
    exitCode: stuck.length > 0 ? exitCodes.partly : exitCode,
  };
}

async function cancel(
  context: Context,
  register: Register,
  plan: MovePlan,
  { from, to }: Between,
  { dryRun = false, yes, by }: Options,
): Promise<Result> {
  const bags = cancellable(plan, { to });
  const count = counted(bags.length, 'bag');
  if (!dryRun && bags.length > 0)
    await context.confirm(
      `On the way to store ${to}: ${count}. Their files stay archived in store ${from}; what is in ${to} already stays there, too. Continue?`,
      yes,
    );
  const cancelled = dryRun ? 0 : await cancelMove(register, bags, by, context.notify);
  const done = dryRun
    ? `Would stay in store ${from}: ${count}`
    : [
        `Stays in store ${from}: ${counted(cancelled, 'bag')}. What was copied to store ${to} stays there, too; links that lead there are swapped back.`,
        `Should store ${from} be lost meanwhile, the same move without --cancel leads all links to ${to}.`,
      ];
  return {
    document: { dryRun, cancelled, bags: bags.map((bag) => bag.name) },
    lines: bags.length === 0 ? `Nothing is on its way from store ${from} to store ${to}.` : done,
  };
}
