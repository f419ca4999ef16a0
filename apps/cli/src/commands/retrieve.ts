import { containerKinds } from '@coldroom/domain';
import {
  archivedImagesIn,
  cancelRetrieval,
  parseTargets,
  planCancellation,
  planRetrieval,
  recallOrder,
  refuseWithoutSpace,
  restoreOrder,
  retrieve,
  splitContainers,
  untilRetrieved,
} from '@coldroom/operations';
import type { Register, RetrievalOrder, Target } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';
import { becameStuck } from '../lines';
import { follow } from '../waiting';
import { cancelThere } from './cancel-there';
import {
  cancelledLines,
  cancelQuestion,
  doneLine,
  estimateLines,
  planLines,
  progressLine,
  waitLines,
} from './retrieve-lines';
import { retrieveThere, type RetrieveOptions } from './retrieve-there';

export function addRestore(program: CliCommand): void {
  common(program.command('restore'))
    .description("bring archived images back onto OMERO's own disk, for good; the copies stay in the store")
    .examples('restore Image:7 --dry-run', 'restore Dataset:4 --yes --no-wait', 'restore Request:3 --cancel')
    .runs((context, named: readonly string[], options: RetrieveOptions) =>
      run(context, named, restoreOrder(), options),
    );
}

export function addRecall(program: CliCommand): void {
  common(program.command('recall'))
    .description(
      'make archived images open in OMERO for some days, where they cannot be opened in the store itself (S3); they stay archived',
    )
    .option('--days <number>', 'how long they can be opened; recalling again prolongs', '14')
    .examples('recall Image:7 --days 30', 'recall Dataset:4 --dry-run')
    .runs(async (context, named: readonly string[], options: RetrieveOptions) =>
      run(context, named, recallOrder(Number(options.days)), options),
    );
}

function common(command: CliCommand): CliCommand {
  return command
    .argument(
      '<objects...>',
      'Image:7,8 or Dataset:4, Project:2, Plate:5, Screen:6 or Fileset:9 or Request:3; images that share files come back together',
    )
    .dryRun('only show what would come back, how much and how long it may take')
    .yes()
    .option('--no-wait', 'only ask for it, and do not wait until all is there')
    .option('--cancel', 'give up what is being retrieved and not there yet; it stays archived')
    .by();
}

async function run(
  context: Context,
  named: readonly string[],
  order: RetrievalOrder,
  options: RetrieveOptions,
): Promise<Result> {
  if (context.usesServer)
    return options.cancel ? cancelThere(context, named, options) : retrieveThere(context, named, order, options);
  const { containers, others } = splitContainers(named);
  const targets = parseTargets(others, ['Image', 'Fileset', 'Request'], undefined, containerKinds);
  return context.register(async (register) => {
    const all = [...targets, ...(await archivedImagesIn(context, register, containers))];
    return options.cancel ? cancel(context, register, all, options) : ask(context, register, all, order, options);
  });
}

async function ask(
  context: Context,
  register: Register,
  targets: readonly Target[],
  order: RetrievalOrder,
  { dryRun = false, yes, wait, by }: RetrieveOptions,
): Promise<Result> {
  const planned = await planRetrieval(context, register, targets, order);
  const { plan, needs, freeBytes, estimates, waits } = planned;
  const shown = [planLines(planned), estimateLines(planned), waitLines(waits)];
  const someStay = plan.notArchived.files > 0;
  if (dryRun || needs.files + plan.held.files === 0)
    return {
      document: { dryRun, plan, freeBytes: freeBytes ?? null, estimates, waits },
      lines: shown,
      exitCode: someStay ? exitCodes.partly : exitCodes.ok,
    };
  refuseWithoutSpace(planned);
  await context.confirm([shown, 'Continue?'], yes);
  const asked = await retrieve(register, targets, planned, by, context.notify);
  const stuck = wait ? await follow(context.out, untilRetrieved(register, targets), progressLine) : [];
  const rest = { ...planned, plan: { ...plan, fetch: [], held: { files: 0, bytes: 0n } }, freeBytes: undefined };
  return {
    document: { ...asked, estimates, waited: wait, stuck },
    lines: [doneLine(order.way, asked, wait, stuck.length > 0), someStay && planLines(rest), becameStuck(stuck)],
    exitCode: stuck.length > 0 || someStay ? exitCodes.partly : exitCodes.ok,
  };
}

async function cancel(
  context: Context,
  register: Register,
  targets: readonly Target[],
  { dryRun = false, yes, by }: RetrieveOptions,
): Promise<Result> {
  const underWay = await planCancellation(register, targets);
  if (!dryRun && underWay.files > 0) await context.confirm(cancelQuestion(underWay), yes);
  const cancelled = dryRun ? 0 : await cancelRetrieval(register, targets, by, context.notify);
  return { document: { dryRun, cancelled, underWay }, lines: cancelledLines(dryRun ? { underWay } : { cancelled }) };
}
