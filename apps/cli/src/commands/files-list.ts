import type { Command } from 'commander';
import { fileStates } from '@coldroom/domain';
import type { FileFilter, FileListing, StuckFile } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatBytes, indented, table } from '@coldroom/terminal';
import type { Act } from '../context';
import { examples } from '../examples';
import { UsageError } from '@coldroom/operations';
import { nextStep } from '@coldroom/operations';
import { parseNames, parseWhole } from '../options';
import { commandsFor, helpLines } from '@coldroom/operations';
import { parseIds, parseTargets } from '@coldroom/operations';

interface Options {
  readonly request?: string;
  readonly state?: string;
  readonly code?: string;
  readonly fileset?: string;
  readonly limit: string;
  readonly after?: string;
}

export function addFilesList(files: Command, act: Act): void {
  files
    .command('list')
    .description('list files, by number')
    .option('--request <number>', 'only of this request')
    .option('--state <states>', `only these, separated by commas: ${fileStates.join(', ')}`)
    .option('--code <code>', 'only those stuck or skipped for this reason')
    .option('--fileset <fileset>', 'only of this fileset: 9, Fileset:9 or Legacy:45')
    .option('--limit <count>', 'how many at most', '100')
    .option('--after <file>', 'go on after this file')
    .addHelpText(
      'after',
      examples(
        'files list --request 3 --state stuck',
        'files list --code HASH_DIFFERS --limit 1000',
        'files list --fileset 9',
      ),
    )
    .action((options: Options) =>
      act(async (context) => {
        const filter = filterOf(options);
        const list = await context.register((register) => register.reports.files(filter));
        context.out.result({ files: list }, () => lines(list, filter));
        return exitCodes.ok;
      }),
    );
}

function filterOf(options: Options): FileFilter {
  const limit = parseWhole(options.limit, '--limit');
  return {
    limit: Number(limit),
    ...(options.request === undefined
      ? {}
      : { requestId: single('--request', parseIds([options.request], 'Request')) }),
    ...(options.state === undefined ? {} : { states: parseNames(options.state, fileStates, 'state of a file') }),
    ...(options.code === undefined ? {} : { code: options.code }),
    ...(options.fileset === undefined ? {} : { fileset: single('--fileset', filesetNames(options.fileset)) }),
    ...(options.after === undefined ? {} : { after: single('--after', parseIds([options.after], 'File')) }),
  };
}

function filesetNames(word: string): readonly string[] {
  return parseTargets([word], ['Fileset'], 'Fileset').flatMap((target) =>
    target.kind === 'Fileset' ? target.names : [],
  );
}

function single<T>(option: string, values: readonly T[]): T {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0) throw new UsageError(`${option} takes one only`);
  return value;
}

function lines(list: readonly FileListing[], { limit = 0 }: FileFilter): readonly string[] {
  if (list.length === 0) return ['No such files.'];
  return [
    ...table(
      [
        { title: 'file', right: true },
        { title: 'request', right: true },
        { title: 'fileset' },
        { title: 'state' },
        { title: 'bytes', right: true },
        { title: 'code' },
        { title: 'path' },
      ],
      list.map((file) => [
        file.id.toString(),
        file.requestId.toString(),
        file.fileset,
        file.state,
        formatBytes(file.size),
        file.code ?? '',
        `${file.root}/${file.path}`,
      ]),
    ),
    ...linesForStuck(list),
    ...(list.length >= limit ? [`There may be more: --after ${list.at(-1)?.id}`] : []),
  ];
}

/** The next steps for the files that are listed; those on the next page have commands of their own there. */
function linesForStuck(list: readonly FileListing[]): readonly string[] {
  const stuck = list.flatMap(({ state, code, ...file }): StuckFile[] =>
    state === 'stuck' && code !== null ? [{ ...file, code }] : [],
  );
  return [...Map.groupBy(stuck, ({ code }) => code)].flatMap(([code, files]) => [
    '',
    `${code}: ${counted(files.length, 'file')}`,
    ...indented(helpLines({ next: nextStep(code), commands: commandsFor(code, files) })),
  ]);
}
