import { formatCount, pairs } from '@coldroom/terminal';

const shown = 10;

/** A scan's report as lines. It is the scanner's own: what this version does not know is shown as it comes. */
export function reportLines(report: Readonly<Record<string, unknown>>): readonly string[] {
  const lists = Object.entries(report).filter((entry): entry is [string, readonly unknown[]] =>
    Array.isArray(entry[1]),
  );
  const others = Object.entries(report).filter(([, value]) => !Array.isArray(value));
  return [
    ...pairs(others.map(([key, value]) => [spaced(key), plain(value)])),
    ...lists.flatMap(([key, list]) => [
      `${spaced(key)}: ${list.length === 0 ? 'none' : list.length}`,
      ...list.slice(0, shown).map((item) => `  ${plain(item)}`),
      ...(list.length > shown ? [`  and ${formatCount(list.length - shown)} more`] : []),
    ]),
  ];
}

/** `ignoredCount` as a person would write it. */
function spaced(key: string): string {
  return key.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(plain).join(' ');
  return Object.entries(value)
    .map(([key, one]) => `${spaced(key)} ${plain(one)}`)
    .join(', ');
}
