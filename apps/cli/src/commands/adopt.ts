import { open } from 'node:fs/promises';
import {
  adopt,
  moveOn,
  refuseUnknownStore,
  UsageError,
  type AdoptedFileLine,
  type AdoptionReport,
} from '@coldroom/operations';
import type { Register } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted } from '@coldroom/terminal';
import type { CliCommand, Result } from '../command';
import type { Context } from '../context';
import { crashAsSet } from '../crashes';
import { parseWhole } from '../parsing';
import { withProgress } from '../waiting';
import { adoptLines } from './adopt-lines';

interface Options {
  readonly go?: boolean;
  readonly plan?: boolean;
  readonly store?: string;
  readonly archive?: string;
  readonly to?: string;
  readonly inPlace?: boolean;
  readonly acceptUnproven?: boolean;
  readonly report?: string;
  readonly limit: string;
  readonly yes?: boolean;
  readonly by: string;
}

export function addAdopt(program: CliCommand): void {
  program
    .command('adopt')
    .description(
      "take over from the older archiving tool: its jobs, and its archive directory as a store of kind 'older'",
    )
    .option('--plan', 'only look, and report what would be done and what a person must decide (the default)')
    .option('--go', 'do it; may be stopped and repeated at any point')
    .option('--store <name>', 'the store of kind older (default: the only one)')
    .option(
      '--archive <directory>',
      "the older tool's own directory, with Job and Log (default: Archive in OMERO_DATA_DIR)",
    )
    .option('--to <store>', 'with --go: where the copies are moved then (default: the default store)')
    .option('--in-place', 'with --go: leave the copies where they are; they are never called durable there')
    .option('--accept-unproven', 'with --go: also take copies that nothing recorded can prove (UNPROVEN)')
    .option('--report <file>', 'write a line of JSON for each file into a new file')
    .option('--limit <count>', 'show so many findings of each kind; all are counted', '20')
    .yes()
    .by()
    .examples('adopt', 'adopt --report adopt.jsonl', 'adopt --go --to tape', 'adopt --go --in-place')
    .runs(async (context, options: Options) => {
      if (options.go && options.plan) throw new UsageError('--plan and --go cannot be combined');
      if (options.inPlace && options.to !== undefined) throw new UsageError('--in-place and --to cannot be combined');
      return context.register((register) => run(context, register, options));
    });
}

async function run(context: Context, register: Register, options: Options): Promise<Result> {
  const { go = false, store: named, archive, to, inPlace = false, acceptUnproven = false, by, yes } = options;
  if (to !== undefined) await refuseUnknownStore(context, to); // before copies are read for hours
  if (go)
    await context.confirm(
      'Jobs of the older tool become requests here, and their copies are read as a whole. Its own files stay as they are. Continue?',
      yes,
    );
  const limit = parseWhole(options.limit, '--limit');
  crashAsSet(context.env);
  const { store, report } = await withReportFile(options.report, (file) =>
    withProgress(context.out, (show) => {
      const progress = (sofar: AdoptionReport, job: string): void => show(progressLine(sofar, job));
      return adopt(context, register, { store: named, archive, go, acceptUnproven, by, limit, progress, file });
    }),
  );
  if (go && !inPlace) report.moving = await moveOn(context, register, { from: store, to, by }, context.notify);
  return {
    document: { plan: !go, store, ...report.document() },
    lines: adoptLines(report, { go, store, inPlace }),
    exitCode: report.isClear ? exitCodes.ok : exitCodes.partly,
  };
}

function progressLine({ jobs, taken }: AdoptionReport, job: string): string {
  return `${counted(jobs.count, 'job')}, ${counted(taken.files, 'file')} taken over; at ${job}`;
}

/** A file that is there already is refused by the system (`EEXIST`): nothing is overwritten. */
async function withReportFile<T>(
  path: string | undefined,
  work: (write?: (line: AdoptedFileLine) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (path === undefined) return work();
  const file = await open(path, 'wx', 0o640);
  try {
    return await work(async (line) => {
      await file.write(`${JSON.stringify(line)}\n`);
    });
  } finally {
    await file.close();
  }
}
