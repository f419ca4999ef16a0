import {
  listCommand,
  nextStep,
  type Amount,
  type ByCode,
  type ForeignEntries,
  type Listing,
  type Stuck,
} from '@coldroom/operations';
import type { EventListing } from '@coldroom/register';
import {
  below,
  counted,
  formatBytes,
  formatCount,
  formatTime,
  left,
  right,
  section,
  shortened,
  table,
  type Lines,
} from '@coldroom/terminal';

export function words({ files, bytes }: Amount): string {
  return `${counted(files, 'file')}, ${formatBytes(bytes)}`;
}

export function amountTable(rows: readonly (Amount & { readonly state: string })[]): Lines {
  return (
    rows.length > 0 &&
    table(
      [left('state'), right('files'), right('bytes')],
      rows.map((row) => [row.state, formatCount(row.files), formatBytes(row.bytes)]),
    )
  );
}

export function stuckLines(stuck: readonly Stuck[]): Lines {
  return stuck.map((row) => [`${row.code}: ${words(row)}`, below(helpLines(row))]);
}

export function helpLines({ next, commands }: Pick<Stuck, 'next' | 'commands'>): Lines {
  return [`next: ${next}`, below(commands)];
}

/** For files that became stuck during a command. */
export function becameStuck(stuck: readonly ByCode[]): Lines {
  return stuck.map(({ code, files }) => [
    `Stuck: ${counted(files, 'file')}, ${code}; next: ${nextStep(code)}`,
    below(listCommand(code)),
  ]);
}

/** Events in the form of a list: when, what, who, and further details. */
export function eventLines(events: readonly EventListing[]): Lines {
  return (
    events.length > 0 &&
    table(
      ['at', 'what', 'from', 'to', 'by', 'detail'].map(left),
      events.map(({ at, what, from, to, actor, code, detail }) => [
        formatTime(at),
        what,
        from ?? '',
        to ?? '',
        actor,
        [...(code ? [code] : []), ...fieldsOf(detail)].join(', '),
      ]),
    )
  );
}

function fieldsOf(detail: unknown): readonly string[] {
  return Object.entries(typeof detail === 'object' && detail !== null ? detail : {}).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
}

/** A title with one line for each item, and the number of items that are only counted; nothing without items. */
export function listingLines<T>(title: string, { count, shown }: Listing<T>, line: (item: T) => Lines): Lines {
  return section(title, shortened(shown.map(line), count));
}

export function foreignLines({ store, count, names }: ForeignEntries): Lines {
  const entries = count === 1 ? '1 entry' : `${formatCount(count)} entries`;
  return `${entries} in the directory of store ${store} ${count === 1 ? 'is' : 'are'} not Coldroom's: ${names.join(', ')}${count > names.length ? ', ...' : ''}`;
}
