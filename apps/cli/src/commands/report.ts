import { reportDocument } from '@coldroom/api';
import {
  candidateKeys,
  csvOf,
  documentOf,
  makeReport,
  measuring,
  reportLines,
  reportOf,
  reportTables,
  reportTitles,
  sizeLines,
  sizeReport,
  usageKeys,
  UsageError,
  type ReportColumn,
  type ReportOrder,
  type TableReport,
} from '@coldroom/operations';
import type { Register } from '@coldroom/register';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';
import { parseWhole } from '../parsing';

interface Options {
  readonly rows?: string;
  readonly since?: string;
  readonly group?: string;
  readonly owner?: string;
  readonly limit: string;
  readonly csv?: boolean;
  readonly zero?: boolean;
}

const object = /^(Image|Fileset):\d/;
/** More are too many for one address. */
const mostThere = 200;

export function addReport(program: CliCommand): void {
  const report = program
    .command('report')
    .description('how much there is, where it is, and what is not as it should be');
  const add = (name: ReportOrder['name']): CliCommand =>
    report
      .command(name)
      .description(lowered(reportTitles[name]))
      .option('--csv', 'all rows as CSV, for a spreadsheet; sizes are bytes')
      .option('--limit <number>', 'show so many rows; totals are of all', '50') as CliCommand;
  const ofOwner = (command: CliCommand): CliCommand =>
    command
      .option('--group <id>', 'only this OMERO group')
      .option('--owner <id>', 'only what this OMERO user owns') as CliCommand;

  ofOwner(add('usage'))
    .option('--rows <what>', `a row for each ${usageKeys.join(', ')} (default: ${usageKeys[0]})`)
    .option('--since <day>', 'only what has changed in each group since the end of this day, such as 2026-11-01')
    .examples('report usage', 'report usage --rows dataset --csv', 'report usage --since 2026-11-01')
    .runs((context, options: Options) => run(context, { name: 'usage', ...choiceOf(options) }, options));
  ofOwner(add('archive'))
    .examples('report archive')
    .runs((context, options: Options) => run(context, { name: 'archive', ...choiceOf(options) }, options));
  add('image')
    .argument('<image...>', 'such as Image:7')
    .examples('report image Image:7')
    .runs((context, objects: readonly string[], options: Options) => run(context, { name: 'image', objects }, options));
  add('integrity')
    .examples('report integrity --csv')
    .runs((context, options: Options) => run(context, { name: 'integrity' }, options));
  add('size')
    .argument(
      '<list...>',
      'a file with names of files, Image:7 or Fileset:9, one a line (- is standard input); or these themselves',
    )
    .option('--zero', 'a zero byte ends each name in the file')
    .examples('report size /home/ada/files.txt', 'report size Image:7 Fileset:9')
    .runs(size);
  ofOwner(add('candidates'))
    .option('--rows <what>', `a row for each ${candidateKeys.join(' or ')} (default: ${candidateKeys[0]})`)
    .examples('report candidates', 'report candidates --rows fileset')
    .runs((context, options: Options) => run(context, { name: 'candidates', ...choiceOf(options) }, options));
  ofOwner(add('expiry'))
    .examples('report expiry')
    .runs((context, options: Options) => run(context, { name: 'expiry', ...choiceOf(options) }, options));
  ofOwner(add('store'))
    .argument('<name>')
    .examples('report store main')
    .runs((context, store: string, options: Options) =>
      run(context, { name: 'store', store, ...choiceOf(options) }, options),
    );
}

const lowered = (title: string): string => title[0]!.toLowerCase() + title.slice(1);

function choiceOf({ rows, since, group, owner }: Options): Omit<ReportOrder, 'name'> {
  return {
    ...(rows === undefined ? {} : { rows }),
    ...(since === undefined ? {} : { since }),
    ...(group === undefined ? {} : { groupId: omeroId(group, '--group') }),
    ...(owner === undefined ? {} : { ownerId: omeroId(owner, '--owner') }),
  };
}

/** OMERO has groups and users whose id is 0. */
function omeroId(text: string, option: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new UsageError(`${option} needs the number of OMERO, not "${text}"`);
  return BigInt(text);
}

async function run(context: Context, order: ReportOrder, options: Options): Promise<Result> {
  return context.either(
    async (register) => printed(context, await makeReport(reviewerOf(register), order), options),
    async () => printed(context, await fromServer(context, order), options),
  );
}

async function size(context: Context, list: readonly string[], options: Options): Promise<Result> {
  if (list.every((word) => object.test(word))) return run(context, { name: 'size', objects: list }, options);
  const [file, ...more] = list;
  if (file === undefined || more.length > 0) throw new UsageError('report size takes one file, or images and filesets');
  const lines = sizeLines(file, { zero: options.zero ?? false });
  if (context.usesServer) {
    const objects: string[] = [];
    for await (const { text } of lines) objects.push(text);
    return run(context, { name: 'size', objects }, options);
  }
  const { OMERO_DATA_DIR } = context.settings('places');
  return context.register(async (register) =>
    printed(context, sizeReport(reviewerOf(register), lines, measuring(register, OMERO_DATA_DIR)), options),
  );
}

/** Whoever may read the register's database sees everything. */
function reviewerOf(register: Register) {
  const actor = { name: 'command line', personId: null, roles: ['administrator' as const], leads: [] };
  return { register, actor, policy: { leadersDecide: false, fourEyes: false } };
}

async function fromServer(
  context: Context,
  { name, objects, groupId, ownerId, ...rest }: ReportOrder,
): Promise<TableReport> {
  if ((objects?.length ?? 0) > mostThere) throw new UsageError(`With --server, name at most ${mostThere} at once`);
  const query = { ...rest, group: groupId?.toString(), owner: ownerId?.toString(), object: objects };
  const document = await context.server().get(`reports/${name}`, reportDocument, query);
  const tables: Readonly<Record<string, readonly ReportColumn[]>> = reportTables;
  const report = reportOf(document, tables[document.table] ?? document.columns);
  const left = document.count - document.rows.length;
  return left > 0
    ? {
        ...report,
        notes: [
          ...report.notes,
          `The server sent the first ${document.rows.length} of ${document.count} rows; totals are of these.`,
        ],
      }
    : report;
}

async function printed(context: Context, report: TableReport, { csv, limit }: Options): Promise<Result> {
  if (csv) {
    if (context.out.json) throw new UsageError('--csv cannot be combined with --json');
    await context.out.stream(csvOf(report));
    context.out.note(report.notes);
    return { document: null, lines: [] };
  }
  if (context.out.json) return { document: await documentOf(report), lines: [] };
  return { document: null, lines: await reportLines(report, parseWhole(limit, '--limit')) };
}
