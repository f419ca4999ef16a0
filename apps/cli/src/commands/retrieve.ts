import type { Command } from 'commander';
import { Refused, type Retrieval } from '@coldroom/domain';
import { OmeroDatabase } from '@coldroom/omero';
import type { Register, Target } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { isRecallable, readStores } from '@coldroom/stores';
import { counted, formatBytes } from '@coldroom/terminal';
import { estimateLines, estimates } from '@coldroom/operations';
import { coldLines, freeSpace, needsOf, retrievalPlanLines, retrievalPlan } from '@coldroom/operations';
import { untilBack } from './retrieve-waiting';
import { confirmed } from '../confirm';
import { person, type Act, type Context } from '../context';
import { examples } from '../examples';
import { notFound, UsageError, type ExitCode } from '@coldroom/operations';
import { selectedFiles } from '@coldroom/operations';
import { byOption, yesOption } from '../options';
import { countLines } from '@coldroom/operations';
import { parseTargets, splitDatasets } from '@coldroom/operations';
import { oneByOne } from '../waiting';

interface Options {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait: boolean;
  readonly cancel?: boolean;
  readonly days?: string;
  readonly by?: string;
}

const objects = 'Image:7,8 or Dataset:4 or Fileset:9 or Request:3; images that share files come back together';
const longestDays = 3650;

export function addRestore(program: Command, act: Act): void {
  common(
    program
      .command('restore')
      .description("bring archived images back onto OMERO's own disk, for good; the copies stay in the store"),
  )
    .addHelpText(
      'after',
      examples('restore Image:7 --dry-run', 'restore Dataset:4 --yes --no-wait', 'restore Request:3 --cancel'),
    )
    .action((words: readonly string[], options: Options) =>
      act((context) => retrieve(context, words, 'restore', options)),
    );
}

export function addRecall(program: Command, act: Act): void {
  common(
    program
      .command('recall')
      .description(
        'make archived images open in OMERO for some days, where they cannot be opened in the store itself (S3); they stay archived',
      ),
  )
    .option('--days <number>', 'how long they can be opened; recalling again prolongs', '14')
    .addHelpText('after', examples('recall Image:7 --days 30', 'recall Dataset:4 --dry-run'))
    .action((words: readonly string[], options: Options) =>
      act((context) => retrieve(context, words, 'recall', options)),
    );
}

function common(command: Command): Command {
  return command
    .argument('<objects...>', objects)
    .option('--dry-run', 'only show what would come back, how much and how long it may take')
    .option(...yesOption)
    .option('--no-wait', 'only ask for it, and do not wait until all is there')
    .option('--cancel', 'give up what is being retrieved and not there yet; it stays archived')
    .option(...byOption);
}

async function retrieve(
  context: Context,
  words: readonly string[],
  way: Retrieval,
  options: Options,
): Promise<ExitCode> {
  const days = daysOf(options.days);
  const targets = await named(context, words);
  return context.register(async (register) => {
    await selectedFiles(register, targets, 'filesets'); // targets that the register does not know are reported first
    if (options.cancel) return cancel(context, register, targets, options);
    const plan = await retrievalPlan(register, targets, way);
    if (way === 'recall')
      await refuseWhereOnline(
        context,
        plan.fetch.map(({ store }) => store),
      );
    const [free, cold, times] = [
      await freeSpace(context),
      await coldLines(context, plan),
      await estimates(register, plan),
    ];
    const shown = [...retrievalPlanLines(plan, way, free), ...estimateLines(plan, times), ...cold];
    if (options.dryRun || needsOf(plan).files + plan.held.files === 0) {
      context.out.result(
        { dryRun: options.dryRun ?? false, plan, freeBytes: free ?? null, estimates: times, waits: cold },
        () => shown,
      );
      return plan.notArchived.files > 0 ? exitCodes.partly : exitCodes.ok;
    }
    if (way === 'restore' && free !== undefined && needsOf(plan).bytes > free) {
      throw new Refused(
        'NOT_ENOUGH_SPACE',
        `${formatBytes(needsOf(plan).bytes)} are to be brought back, but only ${formatBytes(free)} are free in OMERO's data directory: make room, or bring back fewer images at a time`,
      );
    }
    if (!(await confirmed(`${shown.join('\n')}\nContinue?`, { yes: options.yes ?? false, json: context.out.json }))) {
      context.out.note('Nothing was changed.');
      return exitCodes.failed;
    }
    const asked = await ask(context, register, targets, { way, days }, options.by ?? person());
    const stuck = options.wait ? await untilBack(context, register, targets) : [];
    context.out.result({ ...asked, estimates: times, waited: options.wait, stuck }, () => [
      doneLine(way, asked, options.wait, stuck.length > 0),
      ...(plan.notArchived.files > 0
        ? retrievalPlanLines({ ...plan, fetch: [], held: { files: 0, bytes: 0n } }, way, undefined)
        : []),
      ...stuck.flatMap(countLines),
    ]);
    return stuck.length > 0 || plan.notArchived.files > 0 ? exitCodes.partly : exitCodes.ok;
  });
}

/** Where this machine knows the stores; otherwise the service that fetches reports the same. */
async function refuseWhereOnline(context: Context, names: readonly string[]): Promise<void> {
  if (context.env['COLDROOM_STORES'] === undefined) return;
  const settings = await readStores(context.env['COLDROOM_STORES']);
  const near = names.find((name) => Object.hasOwn(settings.stores, name) && !isRecallable(name, settings));
  if (near !== undefined)
    throw new Refused(
      'NOT_RECALLABLE',
      `Links into store ${near} lead to the copies themselves: the images open as they are, there is nothing to recall. "coldroom restore" brings them back to their own paths`,
    );
}

type Asked = Awaited<ReturnType<Register['retrievals']['ask']>>;

async function ask(
  context: Context,
  register: Register,
  targets: readonly Target[],
  order: { way: Retrieval; days: number },
  by: string,
): Promise<Asked> {
  const results = await oneByOne(context.out, targets, (target) => register.retrievals.ask(target, order, by));
  const sum = (pick: (result: Asked) => number): number => results.reduce((total, result) => total + pick(result), 0);
  return { asked: sum((one) => one.asked), undoing: sum((one) => one.undoing), prolonged: sum((one) => one.prolonged) };
}

async function cancel(
  context: Context,
  register: Register,
  targets: readonly Target[],
  { dryRun = false, yes = false, by = person() }: Options,
): Promise<ExitCode> {
  // it counts a recalled file as there, not as in progress
  const { underWay } = await retrievalPlan(register, targets, 'restore');
  const amount = `${counted(underWay.files, 'file')}, ${formatBytes(underWay.bytes)}`;
  if (
    !dryRun &&
    underWay.files > 0 &&
    !(await confirmed(
      `Being retrieved: ${amount}. They stay archived; files that are restored already stay restored. Continue?`,
      {
        yes,
        json: context.out.json,
      },
    ))
  ) {
    context.out.note('Nothing was changed.');
    return exitCodes.failed;
  }
  const counts = dryRun ? [] : await oneByOne(context.out, targets, (target) => register.retrievals.cancel(target, by));
  const cancelled = counts.reduce((sum, count) => sum + count, 0);
  context.out.result({ dryRun, cancelled, underWay }, () => {
    if (dryRun) return [underWay.files > 0 ? `Would be given up: ${amount}` : nothingComing];
    return cancelled > 0
      ? [
          `${counted(cancelled, 'file')} stay archived. A FROM-ARCHIVE mark that is still in OMERO asks for them again: remove it there.`,
        ]
      : [nothingComing];
  });
  return exitCodes.ok;
}

const nothingComing =
  'Nothing of this is being fetched. (Originals that are still held are put back in a moment; that cannot be given up.)';

/** Only OMERO knows datasets; their images are requested one by one. */
async function named(context: Context, words: readonly string[]): Promise<readonly Target[]> {
  const { datasets, others } = splitDatasets(words);
  const targets = parseTargets(others, ['Image', 'Fileset', 'Request'], undefined, ['Dataset']);
  if (datasets.length === 0) return targets;
  const { OMERO_DATABASE_URL: url } = context.settings('omero');
  const omero = OmeroDatabase.connect(url, { max: 1 });
  try {
    const images = new Set<bigint>();
    for (const id of datasets) {
      const found = await omero.imagesIn(id);
      if (!found)
        throw notFound(
          `Dataset:${id} in OMERO`,
          'NO_SUCH_TARGET',
          'its id stands in OMERO.web at the right of the selected dataset',
        );
      for (const image of found) images.add(image);
    }
    const known = await context.register((register) => register.retrievals.archivedAmong([...images]));
    if (known.length === 0)
      throw notFound(
        'an archived image in these datasets',
        'NO_SUCH_TARGET',
        'images that are there already need no restore',
      );
    return [...targets, { kind: 'Image', ids: known }];
  } finally {
    await omero.close();
  }
}

function daysOf(text: string | undefined): number {
  const days = Number(text ?? '0');
  if (!Number.isInteger(days) || days < 0 || days > longestDays || (text !== undefined && days === 0))
    throw new UsageError(`--days needs a whole number from 1 to ${longestDays}, not "${text}"`);
  return days;
}

function doneLine(way: Retrieval, { asked, undoing, prolonged }: Asked, waited: boolean, isBlocked: boolean): string {
  const files = asked + undoing;
  if (files === 0)
    return prolonged > 0 ? `${counted(prolonged, 'file')} can be opened for longer.` : 'Nothing was to be done.';
  if (!waited) return `${counted(files, 'file')} requested back; "coldroom status" shows how far it is.`;
  if (isBlocked)
    return 'Not all images are back: some files are stuck, and images that need them wait. What was asked stays asked.';
  return way === 'restore'
    ? 'The images are back in their places.'
    : 'The images open in OMERO now, but for pixels of OMERO 4, which open after "coldroom restore" only.';
}
