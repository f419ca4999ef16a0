import type { Command } from 'commander';
import type { EventListing, Register, RequestSummary } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import { counted, formatBytes, formatCount, formatTime, indented, pairs, table } from '@coldroom/terminal';
import type { Act } from '../context';
import { eventLines } from '../events';
import { examples } from '../examples';
import { notFound, UsageError } from '@coldroom/operations';
import { helpLines, stuckIn, type Stuck } from '@coldroom/operations';
import { parseIds } from '@coldroom/operations';
import { coloured } from './requests-list';

const shownImages = 20;
const shownEvents = 10;
const shownPaths = 3;

interface ByCode {
  readonly code: string;
  readonly files: number;
  readonly bytes: bigint;
  readonly examples: readonly { readonly id: bigint; readonly path: string; readonly reason: string | null }[];
}

interface Shown {
  readonly request: RequestSummary;
  readonly states: readonly { readonly state: string; readonly files: number; readonly bytes: bigint }[];
  /** Images without a mark of their own: they share files with marked ones and are archived with them. */
  readonly included: readonly { readonly imageId: bigint; readonly name: string; readonly fileset: string }[];
  readonly skipped: readonly ByCode[];
  readonly stuck: readonly (ByCode & Stuck)[];
  readonly events: readonly EventListing[];
}

export function addRequestsShow(requests: Command, act: Act): void {
  requests
    .command('show')
    .argument('<request>', 'its number, or Request:3')
    .description('show what there is to know before a request is approved, and how far it is afterwards')
    .addHelpText('after', examples('requests show 3'))
    .action((word: string) =>
      act(async (context) => {
        const [id, ...more] = parseIds([word], 'Request');
        if (id === undefined || more.length > 0) throw new UsageError('one request at a time can be shown');
        const shown = await context.register((register) => collect(register, id));
        context.out.result(shown, () => lines(shown));
        return exitCodes.ok;
      }),
    );
}

async function collect(register: Register, id: bigint): Promise<Shown> {
  const request = await register.requests.get(id);
  if (!request) throw notFound(`request ${id}`, 'NO_SUCH_REQUEST', '"coldroom requests list" shows all');
  const counts = await register.reports.counts(id);
  const byCode = (state: 'skipped' | 'stuck'): Promise<ByCode[]> =>
    Promise.all(
      counts
        .filter((row) => row.state === state)
        .map(async (row) => ({
          code: row.code ?? 'UNKNOWN',
          files: row.files,
          bytes: row.bytes,
          examples: (
            await register.reports.files({
              requestId: id,
              states: [state],
              ...(row.code ? { code: row.code } : {}),
              limit: shownPaths,
            })
          ).map((file) => ({ id: file.id, path: `${file.root}/${file.path}`, reason: file.reason })),
        })),
    );
  const examplesOf = new Map((await byCode('stuck')).map((row) => [row.code, row.examples]));
  const states = [...Map.groupBy(counts, (row) => row.state)].map(([state, rows]) => ({
    state,
    files: rows.reduce((sum, row) => sum + row.files, 0),
    bytes: rows.reduce((sum, row) => sum + row.bytes, 0n),
  }));
  return {
    request,
    states,
    included: (await register.reports.images(id, { marked: false }, shownImages)).map(({ imageId, name, fileset }) => ({
      imageId,
      name,
      fileset,
    })),
    skipped: await byCode('skipped'),
    stuck: (await stuckIn(register, id)).map((row) => ({ ...row, examples: examplesOf.get(row.code) ?? [] })),
    events: await register.reports.events({ requestId: id }, shownEvents),
  };
}

function lines({ request, states, included, skipped, stuck, events }: Shown): readonly string[] {
  const includedCount = request.images - request.markedImages;
  return [
    ...pairs([
      ['Request', request.id.toString()],
      ['State', coloured(request.state)],
      ['Owner', request.owner],
      ['Group', request.group],
      ['Requester', request.requester],
      ['Asked', formatTime(request.createdAt)],
      ['Decided by', request.decidedBy ?? undefined],
      ['Reason', request.reason ?? undefined],
      [
        'Images',
        `${formatCount(request.images)}: ${formatCount(request.markedImages)} marked, ${formatCount(includedCount)} included because they share files`,
      ],
      ['Filesets', formatCount(request.filesets)],
      ['To archive', `${counted(request.files, 'file')}, ${formatBytes(request.bytes)}`],
    ]),
    ...section(
      'Files',
      table(
        [{ title: 'state' }, { title: 'files', right: true }, { title: 'bytes', right: true }],
        states.map((row) => [row.state, formatCount(row.files), formatBytes(row.bytes)]),
      ),
    ),
    ...section('Included', [
      ...included.map((image) => `Image:${image.imageId}  ${image.fileset}  ${image.name}`),
      ...(includedCount > included.length ? [`and ${formatCount(includedCount - included.length)} more`] : []),
    ]),
    ...section('Skipped: these stay as they are', byCodeLines(skipped)),
    ...section('Stuck', byCodeLines(stuck)),
    ...section('Newest events', eventLines(events)),
    ...(request.state === 'New'
      ? section('Decide', [
          `coldroom requests approve ${request.id}`,
          `coldroom requests decline ${request.id} --reason "..."`,
        ])
      : []),
  ];
}

function byCodeLines(rows: readonly (ByCode & Partial<Stuck>)[]): readonly string[] {
  return rows.flatMap((row) => [
    `${row.code}: ${counted(row.files, 'file')}, ${formatBytes(row.bytes)}`,
    ...indented([
      ...row.examples.map((file) => `File:${file.id}  ${file.path}${file.reason ? `: ${file.reason}` : ''}`),
      ...(row.files > row.examples.length ? [`and ${formatCount(row.files - row.examples.length)} more`] : []),
      ...(row.next === undefined ? [] : helpLines({ next: row.next, commands: row.commands ?? [] })),
    ]),
  ]);
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? ['', title, ...indented(lines)] : [];
}
