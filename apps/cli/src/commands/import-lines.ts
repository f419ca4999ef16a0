import type { BulkResult, ImportDetails, OrderedImport, PlannedImport } from '@coldroom/operations';
import type { ImportOrder, ImportPreview } from '@coldroom/register';
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

export function plannedLines({ order, buffer }: PlannedImport): Lines {
  const { display, person, group, target, transfer } = order;
  return `${display}: for ${person} in ${group}, into ${target}, by ${transfer}, from the buffer ${buffer}`;
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

export function orderedLine({ recorded, isNew }: Pick<OrderedImport, 'recorded' | 'isNew'>): string {
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

export function listLines(list: readonly ImportOrder[], now: Date): Lines {
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
      one.content === null ? '' : formatCount(one.files),
      one.content === null ? '' : formatBytes(one.bytes),
      formatAge(one.orderedAt, now),
      one.display,
      one.code ?? '',
    ]),
  );
}

/** Files that stay in the buffer, by name. */
function leftOutOf({ leftOut, leftOutFirst }: ImportDetails['amounts']): string | undefined {
  if (!leftOut) return undefined;
  const more = leftOut > leftOutFirst.length ? ', …' : '';
  return `${counted(leftOut, 'file')} that OMERO does not import: ${leftOutFirst.join(', ')}${more}`;
}

export function showLines({ order, amounts, filesets, attempts, events, permitted }: ImportDetails): Lines {
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
      ['Contains', order.content === null ? undefined : `${counted(order.files, 'file')}, ${formatBytes(order.bytes)}`],
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
        attempts.map(
          ({ number, startedAt, worker, exitCode, log }) =>
            `${number}  ${formatTime(startedAt)}  by ${worker}${exitCode === null ? '' : `  exit code ${exitCode}`}${log === null ? '' : `  log ${log}`}`,
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
function lastLinesOf(attempts: ImportDetails['attempts']): Lines {
  const last = attempts.findLast(({ lastLines }) => lastLines !== null && lastLines !== '');
  return last ? section(`What OMERO's importer said last, in attempt ${last.number}`, last.lastLines!.split('\n')) : [];
}

export function coloured(state: ImportOrder['state']): string {
  if (state === 'stuck') return styled('red', state);
  return state === 'done' || state === 'emptied' ? styled('green', state) : state;
}
