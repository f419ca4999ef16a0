import type { EventListing } from '@coldroom/register';
import { formatTime, table } from '@coldroom/terminal';

/** Events in the form of a list: when, what, who, and further details. */
export function eventLines(events: readonly EventListing[]): readonly string[] {
  return table(
    [{ title: 'at' }, { title: 'what' }, { title: 'from' }, { title: 'to' }, { title: 'by' }, { title: 'detail' }],
    events.map((event) => [
      formatTime(event.at),
      event.what,
      event.from ?? '',
      event.to ?? '',
      event.actor,
      detail(event),
    ]),
  ).slice(events.length > 0 ? 0 : 1);
}

function detail({ code, detail: more }: EventListing): string {
  const fields =
    typeof more === 'object' && more !== null
      ? Object.entries(more).map(
          ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
        )
      : [];
  return [...(code ? [code] : []), ...fields].join(', ');
}
