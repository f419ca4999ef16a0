import { retrievalReview, retrievalsPage } from '@coldroom/api';
import { retrievalDetails, type RetrievalDetails } from '@coldroom/operations';
import type { RetrievalSummary } from '@coldroom/register';
import {
  counted,
  formatAge,
  formatBytes,
  formatCount,
  formatTime,
  left,
  pairs,
  right,
  section,
  shortened,
  table,
  type Lines,
} from '@coldroom/terminal';
import type { CliCommand } from '../command';
import { words } from '../lines';
import { parseWhole } from '../parsing';

export function addRetrievals(program: CliCommand): void {
  const retrievals = program.command('retrievals').description('what was requested back: look');
  retrievals
    .command('list')
    .description('list restores and recalls, newest first')
    .option('--limit <count>', 'how many at most', '100')
    .examples('retrievals list', 'retrievals list --limit 1000 --json')
    .runs(async (context, options: { readonly limit: string }) => {
      const limit = parseWhole(options.limit, '--limit');
      const list = await context.either<readonly RetrievalSummary[]>(
        (register) => register.retrievalReports.list(undefined, { limit }),
        (server) => server.all('retrievals', retrievalsPage, {}, limit),
      );
      return { document: { retrievals: list }, lines: listLines(list, new Date()) };
    });
  retrievals
    .command('show')
    .argument('<retrieval>', 'its number')
    .description('show how far a restore or recall is')
    .examples('retrievals show 34')
    .runs(async (context, word: string) => {
      const id = BigInt(parseWhole(word, 'retrievals show'));
      const details = await context.either<RetrievalDetails>(
        (register) => retrievalDetails(register, id),
        (server) => server.get(`retrievals/${id}`, retrievalReview),
      );
      return { document: details, lines: showLines(details) };
    });
}

function listLines(list: readonly RetrievalSummary[], now: Date): Lines {
  if (list.length === 0) return 'No retrievals.';
  const numbers = ['images', 'files', 'bytes'];
  return table(
    [
      right('retrieval'),
      right('request'),
      left('way'),
      left('state'),
      ...numbers.map(right),
      left('by'),
      left('asked'),
    ],
    list.map((one) => [
      one.id.toString(),
      one.requestId.toString(),
      wayOf(one),
      one.state,
      formatCount(one.images),
      formatCount(one.files),
      formatBytes(one.bytes),
      one.askedBy,
      formatAge(one.askedAt, now),
    ]),
  );
}

function showLines({ retrieval, amounts, filesets }: RetrievalDetails): Lines {
  return [
    pairs([
      ['Retrieval', retrieval.id.toString()],
      ['Request', retrieval.requestId.toString()],
      ['Way', wayOf(retrieval)],
      ['State', retrieval.state],
      ['Asked', `${formatTime(retrieval.askedAt)}, by ${retrieval.askedBy}`],
      ['Contains', `${counted(retrieval.images, 'image')}, ${words(retrieval)}`],
    ]),
    amounts.length > 0 &&
      section(
        'Files',
        table(
          [left('state'), left('code'), right('files'), right('bytes'), left('until')],
          amounts.map(({ state, code, files, bytes, onlineUntil }) => [
            state,
            code ?? '',
            formatCount(files),
            formatBytes(bytes),
            onlineUntil ? formatTime(onlineUntil) : '',
          ]),
        ),
      ),
    section(
      'Filesets',
      shortened(
        filesets.map(({ fileset, name, images }) => `${fileset}  ${counted(images, 'image')}  ${name}`),
        retrieval.filesets,
      ),
    ),
  ];
}

function wayOf({ way, days }: RetrievalSummary): string {
  return days === null || way === 'restore' ? way : `${way} for ${counted(days, 'day')}`;
}
