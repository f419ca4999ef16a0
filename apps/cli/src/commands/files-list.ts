import { filesPage } from '@coldroom/api';
import { parseTargets, stuckAmong } from '@coldroom/operations';
import { fileStates } from '@coldroom/domain';
import type { FileFilter, FileListing } from '@coldroom/register';
import { formatBytes, left, right, table, type Lines } from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { stuckLines } from '../lines';
import { parseId, parseNames, parseWhole, single } from '../parsing';
import type { Query } from '../server';

interface Options {
  readonly request?: string;
  readonly state?: string;
  readonly code?: string;
  readonly fileset?: string;
  readonly limit: string;
  readonly after?: string;
}

export function addFilesList(files: CliCommand): void {
  files
    .command('list')
    .description('list files, by request and number')
    .option('--request <number>', 'only of this request')
    .option('--state <states>', `only these, separated by commas: ${fileStates.join(', ')}`)
    .option('--code <code>', 'only those stuck or skipped for this reason')
    .option('--fileset <fileset>', 'only of this fileset: 9, Fileset:9 or Legacy:45')
    .option('--limit <count>', 'how many at most', '100')
    .option('--after <file>', 'go on after this file')
    .examples(
      'files list --request 3 --state stuck',
      'files list --code HASH_DIFFERS --limit 1000',
      'files list --fileset 9',
    )
    .runs(async (context, options: Options) => {
      const filter = filterOf(options);
      const list = await context.either<readonly FileListing[]>(
        (register) => register.reports.files(filter),
        (server) => server.all('files', filesPage, queryOf(filter), filter.limit),
      );
      return { document: { files: list }, lines: lines(list, filter) };
    });
}

function filterOf({ request, state, code, fileset, limit, after }: Options): FileFilter {
  return {
    limit: parseWhole(limit, '--limit'),
    ...(request !== undefined && { requestId: parseId(request, 'Request', '--request') }),
    ...(state !== undefined && { states: parseNames(state, fileStates, 'state of a file') }),
    ...(code !== undefined && { code }),
    ...(fileset !== undefined && { fileset: single(filesetNames(fileset), '--fileset') }),
    ...(after !== undefined && { after: parseId(after, 'File', '--after') }),
  };
}

function queryOf({ requestId, states, code, fileset, after }: FileFilter): Query {
  return { request: requestId?.toString(), state: states, code, fileset, cursor: after?.toString() };
}

function filesetNames(word: string): readonly string[] {
  const targets = parseTargets([word], ['Fileset'], 'Fileset');
  return targets.flatMap((target) => (target.kind === 'Fileset' ? target.names : []));
}

function lines(list: readonly FileListing[], { limit = 0 }: FileFilter): Lines {
  if (list.length === 0) return 'No such files.';
  return [
    table(
      [right('file'), right('request'), left('fileset'), left('state'), right('bytes'), left('code'), left('path')],
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
    stuckAmong(list).map((stuck) => ['', stuckLines([stuck])]),
    list.length >= limit && `There may be more: --after ${list.at(-1)?.id}`,
  ];
}
