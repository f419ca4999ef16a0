import { resolve } from 'node:path';
import { transferModes } from '@coldroom/domain';
import {
  openImports,
  operator,
  orderImport,
  planImport,
  previewImport,
  untilImported,
  UsageError,
  type PlannedImport,
} from '@coldroom/operations';
import type { ImportOrder, ImportPreview, Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';
import { follow } from '../waiting';
import { importBulk } from './import-bulk';
import { sharedWish, shown, type ImportCommandOptions } from './import-wish';
import { endLine, exitCodeOf, orderedLine, plannedLines, previewLines, waitLine } from './import-lines';
import { importThere } from './import-there';

export function addImport(program: CliCommand): void {
  program
    .command('import')
    .argument('[paths...]', 'files and directories in a buffer; each is an import of its own')
    .description('order imports into OMERO for one of its users')
    .option(
      '--target <target>',
      'where to: Dataset:5, Screen:3, Dataset:name:NAME, Screen:name:NAME or Project:name:NAME/Dataset:name:NAME',
    )
    .option('--as <login>', 'the OMERO user who will own the images')
    .option('--group <name>', 'in which of their groups (default: the only one)')
    .option('--transfer <mode>', `${transferModes.join(', ')} (default: the first one that the buffer allows)`)
    .option('--name <name>', 'the name of the images')
    .option('--description <text>', 'the description of the images')
    .option('--annotate <key=value>', 'a key-value pair for the images; may be given several times', several)
    .option('--again', 'also what was imported before, as when its images were deleted in OMERO')
    .option('--bulk <file>', 'instead of paths: a bulk file of OMERO')
    .option('--csv <file>', 'instead of paths: a table with the columns path and target')
    .option('--skip-bad', 'with --bulk or --csv: order the good rows where others are bad')
    .option('--wait', 'wait until all is in OMERO and proven')
    .dryRun('only show what would be imported, as OMERO groups the files, and what would not')
    .by()
    .examples(
      'import /buffer/alice/run-1 --target Dataset:5 --as alice',
      'import /buffer/alice/run-1 --target "Dataset:name:Day 1" --as alice --transfer ln --dry-run',
      'import --csv imports.csv --as alice',
    )
    .runs((context, paths: readonly string[], options: ImportCommandOptions) =>
      options.bulk === undefined && options.csv === undefined
        ? importPaths(context, paths, options)
        : importBulk(context, paths, options),
    );
}

const several = (one: string, others: readonly string[] = []): readonly string[] => [...others, one];

async function importPaths(context: Context, paths: readonly string[], options: ImportCommandOptions): Promise<Result> {
  const { target, dryRun = false, by, wait = false } = options;
  if (paths.length === 0) throw new UsageError('import needs a path, or --bulk or --csv with a file');
  if (target === undefined) throw new UsageError('import needs --target, such as Dataset:5');
  if (context.usesServer) return importThere(context, paths, target, options);
  const shared = sharedWish(options);
  const wishes = paths.map((path) => ({ ...shared, target, path: Buffer.from(resolve(path)) }));
  const imports = await openImports(context);
  return context.register(async (register) => {
    const reviewer = operator(register, by);
    // All are checked before the first is ordered.
    const planned: PlannedImport[] = [];
    for (const wish of wishes) planned.push(await planImport(reviewer, imports, wish));
    if (dryRun) return preview(context, register, planned);
    const ordered = [];
    for (const wish of wishes) ordered.push(await orderImport(reviewer, imports, wish));
    const lines = ordered.map(orderedLine);
    const recorded = ordered.map(({ recorded: order, isNew }) => ({ ...shown(order), isNew }));
    if (!wait) return { document: { imports: recorded }, lines };
    context.out.note(lines);
    const ended = await waitFor(context, register, [...new Set(recorded.map(({ id }) => id))]);
    return { document: { imports: ended.map(shown) }, lines: ended.map(endLine), exitCode: exitCodeOf(ended) };
  });
}

async function preview(context: Context, register: Register, planned: readonly PlannedImport[]): Promise<Result> {
  const found: { readonly plan: PlannedImport; readonly preview: ImportPreview }[] = [];
  for (const plan of planned) {
    const steps = previewImport(register, plan.order.source);
    found.push({ plan, preview: await follow(context.out, steps, () => `looking at ${plan.order.display}`) });
  }
  const isWhole = found.every((each) => each.preview.refusedCount === 0);
  return {
    document: {
      dryRun: true,
      imports: found.map(({ plan: { order, buffer, kind }, preview: each }) => ({
        ...shown(order),
        buffer,
        kind,
        preview: each,
      })),
    },
    lines: found.map(({ plan, preview: each }) => [plannedLines(plan), previewLines(each)]),
    exitCode: isWhole ? exitCodes.ok : exitCodes.partly,
  };
}

/** Waits for these orders, and shows how many are not at their end. */
async function waitFor(context: Context, register: Register, ids: readonly bigint[]): Promise<readonly ImportOrder[]> {
  return follow(context.out, untilImported(register, ids), waitLine);
}
