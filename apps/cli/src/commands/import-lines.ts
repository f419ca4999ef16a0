import type { BulkResult, ExitCode, ImportDetails } from '@coldroom/operations';
import type { AttemptReport, ImportEventRow, ImportOrder, ImportPair, ImportPreview } from '@coldroom/register';
import { exitCodes } from '@coldroom/runtime';
import {
  below,
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
import { styled } from '../output';

/** What lists show of an order: the REST API gives that much. */
export interface ListedImport extends Omit<
  ImportOrder,
  'source' | 'content' | 'attempts' | 'waitingSince' | 'options'
> {
  readonly options: { readonly annotations?: readonly ImportPair[] | undefined };
}

type Attempt = Pick<AttemptReport, 'number' | 'startedAt' | 'exitCode' | 'lastLines'>;

/** The same of one import, with all that is known of it. */
export interface ShownImport extends Pick<ImportDetails, 'amounts' | 'filesets'> {
  readonly order: ListedImport;
  readonly attempts: readonly (Attempt & { readonly worker?: string; readonly log?: string | null })[];
  readonly events: readonly Omit<ImportEventRow, 'detail'>[];
  readonly permitted: readonly string[];
}

type Planned = Pick<ImportOrder, 'display' | 'person' | 'group' | 'target' | 'transfer'>;

export function plannedLines({ order, buffer }: { readonly order: Planned; readonly buffer?: string }): Lines {
  const { display, person, group, target, transfer } = order;
  const from = buffer === undefined ? '' : `, from the buffer ${buffer}`;
  return `${display}: for ${person} in ${group}, into ${target}, by ${transfer}${from}`;
}

export function previewLines({ files, bytes, filesets, filesetCount, refused, refusedCount }: ImportPreview): Lines {
  return below([
    `${counted(filesetCount, 'fileset')}, ${counted(files, 'file')}, ${formatBytes(bytes)}`,
    shortened(
      filesets.map(({ name, files: count, reader }) => `${name}  ${counted(count, 'file')}  ${reader}`),
      filesetCount,
    ),
    refusedCount > 0 && [
      `Would not be imported: ${counted(refusedCount, 'file')}`,
      below(
        shortened(
          refused.map(({ name, code }) => `${code}: ${name}`),
          refusedCount,
        ),
      ),
    ],
  ]);
}

export function orderedLine({
  recorded,
  isNew,
}: {
  readonly recorded: Pick<ImportOrder, 'id' | 'display' | 'target' | 'state'>;
  readonly isNew: boolean;
}): string {
  const { id, display, target, state } = recorded;
  return isNew
    ? `Import ${id}: ${display} into ${target}`
    : `Import ${id} of ${display} is ${state} already, into ${target}: not ordered again`;
}

export function bulkLines({ rows, ordered, known, faultCount, faults }: BulkResult, dryRun: boolean): Lines {
  const good = rows - faultCount;
  return [
    dryRun
      ? `Would be ordered: ${formatCount(good)} of ${counted(rows, 'row')}`
      : `Ordered: ${counted(ordered, 'import')}`,
    known > 0 && `Ordered before: ${counted(known, 'row')}`,
    faultCount > 0 && [
      `Cannot be ordered: ${counted(faultCount, 'row')}`,
      below(
        shortened(
          faults.map(({ line, fault }) => `line ${line}: ${fault}`),
          faultCount,
        ),
      ),
    ],
  ];
}

export function listLines(list: readonly ListedImport[], now: Date): Lines {
  if (list.length === 0) return 'No imports.';
  return table(
    [
      right('import'),
      ...['state', 'person', 'group', 'target'].map(left),
      ...['files', 'bytes'].map(right),
      ...['ordered', 'source', 'code'].map(left),
    ],
    list.map((one) => [
      one.id.toString(),
      coloured(one.state),
      one.person,
      one.group,
      one.target,
      one.files === 0 ? '' : formatCount(one.files),
      one.files === 0 ? '' : formatBytes(one.bytes),
      formatAge(one.orderedAt, now),
      one.display,
      one.code ?? '',
    ]),
  );
}

/** Files that stay in the buffer, by name. */
function leftOutOf({ leftOut, leftOutFirst }: ShownImport['amounts']): string | undefined {
  if (!leftOut) return undefined;
  const more = leftOut > leftOutFirst.length ? ', …' : '';
  return `${counted(leftOut, 'file')} that OMERO does not import: ${leftOutFirst.join(', ')}${more}`;
}

export function showLines({ order, amounts, filesets, attempts, events, permitted }: ShownImport): Lines {
  const { id, state, stuckFrom, reason, code, note, provenAt } = order;
  return [
    pairs([
      ['Import', id.toString()],
      ['State', stuckFrom === null ? coloured(state) : `${coloured(state)} from ${stuckFrom}`],
      ['Why', code === null ? undefined : `${code}: ${reason ?? ''}`],
      ['Waits', note ?? undefined],
      ['Source', order.display],
      ['Person', `${order.person} in ${order.group}`],
      ['Target', order.target],
      ['Transfer', order.transfer],
      ['Annotate', order.options.annotations?.map((pair) => pair.join('=')).join(', ')],
      ['Lock', order.lock ?? undefined],
      ['Ordered', `${formatTime(order.orderedAt)}, by ${order.orderedBy}`],
      ['Contains', order.files === 0 ? undefined : `${counted(order.files, 'file')}, ${formatBytes(order.bytes)}`],
      [
        'In OMERO',
        `${amounts.imported} of ${counted(amounts.filesets, 'fileset')}, ${counted(amounts.images, 'image')}`,
      ],
      ['Left out', leftOutOf(amounts)],
      ['Proven', provenAt ? formatTime(provenAt) : undefined],
      ['Removed', amounts.removed > 0 ? `${counted(amounts.removed, 'source')} from the buffer` : undefined],
    ]),
    filesets.length > 0 &&
      section(
        'Filesets',
        shortened(
          filesets.map(({ number, reader, files, filesetId, images }) =>
            filesetId === null
              ? `${number}  ${counted(files, 'file')}  ${reader}`
              : `${number}  Fileset:${filesetId}  ${counted(images ?? 0, 'image')}  ${counted(files, 'file')}  ${reader}`,
          ),
          amounts.filesets,
        ),
      ),
    attempts.length > 0 &&
      section(
        'Attempts',
        attempts.map(({ number, startedAt, worker, exitCode, log }) =>
          [
            ...[String(number), formatTime(startedAt), worker && `by ${worker}`],
            ...[exitCode === null ? '' : `exit code ${exitCode}`, log && `log ${log}`],
          ]
            .filter(Boolean)
            .join('  '),
        ),
      ),
    lastLinesOf(attempts),
    section(
      'Newest events',
      events.map(
        ({ at, what, actor, code: of }) => `${formatTime(at)}  ${what}  by ${actor}${of === null ? '' : `  ${of}`}`,
      ),
    ),
    permitted.length > 0 &&
      section('Act', [
        permitted.includes('retryImport') && `coldroom imports retry ${id}`,
        permitted.includes('cancelImport') && `coldroom imports cancel ${id}`,
      ]),
  ];
}

/** Of the last attempt that has ended. */
function lastLinesOf(attempts: ShownImport['attempts']): Lines {
  const last = attempts.findLast(({ lastLines }) => lastLines !== null && lastLines !== '');
  return last ? section(`What OMERO's importer said last, in attempt ${last.number}`, last.lastLines!.split('\n')) : [];
}

export function coloured(state: ImportOrder['state']): string {
  if (state === 'stuck') return styled('red', state);
  return state === 'done' || state === 'emptied' ? styled('green', state) : state;
}

type Ended = Pick<ImportOrder, 'id' | 'state' | 'display' | 'code' | 'reason'>;

export function endLine({ id, state, display, code, reason }: Ended): string {
  return `Import ${id} of ${display}: ${state}${code === null ? '' : ` (${code}: ${reason ?? ''})`}`;
}

/** While someone waits. */
export const waitLine = (orders: readonly Pick<ImportOrder, 'id' | 'state' | 'note'>[]): string =>
  orders.map(({ id, state, note }) => `${id} ${state}${note === null ? '' : ` (${note})`}`).join(', ');

export function exitCodeOf(orders: readonly Pick<ImportOrder, 'state' | 'code'>[]): ExitCode {
  const good = orders.filter(
    ({ state, code }) => state === 'done' || state === 'emptied' || code === 'ALREADY_IMPORTED',
  );
  if (good.length === orders.length) return exitCodes.ok;
  return good.length > 0 ? exitCodes.partly : exitCodes.failed;
}
