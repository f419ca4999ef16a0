import {
  usageParts,
  type LegacyAmount,
  type Register,
  type StoreHealth,
  type UsageFilter,
  type UsageOwner,
  type UsagePart,
  type UsageRow,
} from '@coldroom/register';
import { formatBytes } from '@coldroom/terminal';
import { costOf } from '../usage/costs';
import { added, byGroup, byOwner, lineOf, type UsageLine } from '../usage/lines';
import type { ReportPrices } from './order';
import type { ReportRow, TableReport } from './table-report';
import { reportTables } from './tables';

const snake = (part: UsagePart): string => part.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** How much groups or people have: the rows of the page Usage, with OMERO 4 data and costs. */
export async function usageByOwner(
  { usage, storeHealth }: Register,
  key: 'group' | 'user',
  filter: UsageFilter,
  { omeroPrice }: ReportPrices,
): Promise<TableReport> {
  const read = await usage.omero.lastRead();
  const files = await usage.ofFiles(filter);
  const legacy = await usage.details.legacy(filter);
  const stores = await storeHealth.list();
  const found = { files, omero: read.readAt && (await usage.omero.amounts(filter)) };
  const notes = [
    ...readNotes(read, 'What is in OMERO'),
    ...readNotes(await usage.details.lastRead('filesets'), 'OMERO 4 data'),
  ];
  notes.push(...priceNotes(files, stores));
  const freed = lineOf(found).parts.freed.bytes;
  if (omeroPrice) {
    const { amount, currency } = costOf(freed, omeroPrice);
    notes.push(
      `The space freed in OMERO, ${formatBytes(freed)}, would cost ${amount.toFixed(2)} ${currency} a year there.`,
    );
  }
  const keyOf = ({ groupId, ownerId }: Pick<UsageOwner, 'groupId' | 'ownerId'>): string =>
    key === 'group' ? `${groupId}` : `${groupId} ${ownerId}`;
  const [filesBy, legacyBy] = [Map.groupBy(files, keyOf), Map.groupBy(legacy, keyOf)];
  const lines: readonly (UsageLine & UsageOwner)[] =
    key === 'group'
      ? byGroup(found).map((line) => ({ ...line, ownerId: 0n, owner: '', fullName: '' }))
      : byOwner(found);
  const known = new Set(lines.map(keyOf));
  const onlyLegacy = [...legacyBy.values()].flatMap(([first]) => (first && !known.has(keyOf(first)) ? [first] : []));
  const all = [...lines, ...onlyLegacy.map((of) => ({ ...of, ...lineOf({ files: [], omero: read.readAt && [] }) }))];
  const table = `usage by ${key}` as const;
  return {
    table,
    title: `Usage by ${key}`,
    columns: reportTables[table],
    rows: (async function* rows() {
      for (const line of all)
        yield {
          ...ownerCells(line),
          ...lineCells(line),
          ...legacyCells(legacyBy.get(keyOf(line)) ?? []),
          ...costCells(filesBy.get(keyOf(line)) ?? [], stores),
        };
    })(),
    notes,
  };
}

export function ownerCells({ groupId, group, ownerId, owner, fullName }: UsageOwner): ReportRow {
  return { group_id: groupId, group, owner_id: ownerId, owner, full_name: fullName };
}

function lineCells({ parts, omero }: UsageLine): ReportRow {
  const archived = added([parts.held, parts.freed]);
  return {
    omero_images: omero && omero.images,
    omero_filesets: omero && omero.filesets,
    omero_files: omero && omero.files,
    omero_bytes: omero && omero.bytes,
    archived_files: archived.files,
    archived_bytes: archived.bytes,
    ...Object.fromEntries(
      usageParts
        .filter((part) => part !== 'leftOut')
        .flatMap((part) => [
          [`${snake(part)}_files`, parts[part].files],
          [`${snake(part)}_bytes`, parts[part].bytes],
        ]),
    ),
  };
}

function legacyCells(rows: readonly LegacyAmount[]): ReportRow {
  const sum = (of: (row: LegacyAmount) => bigint): bigint => rows.reduce((all, row) => all + of(row), 0n);
  return {
    omero4_images: sum(({ images }) => images),
    omero4_files: sum(({ originals, pixels, pyramids }) => originals + pixels + pyramids),
    omero4_bytes: sum(({ originalBytes, pixelsBytes, pyramidBytes }) => originalBytes + pixelsBytes + pyramidBytes),
  };
}

/** Of copies in stores that have a price. Null where there are none, or prices in several currencies. */
export function costCells(rows: readonly UsageRow[], stores: readonly StoreHealth[]): ReportRow {
  const costs = rows.flatMap(({ stored, store, bytes }) => {
    const price = stored ? stores.find(({ name }) => name === store)?.price : undefined;
    return price ? [costOf(bytes, price)] : [];
  });
  const [currency, ...others] = new Set(costs.map((cost) => cost.currency));
  if (currency === undefined || others.length > 0) return { cost: null, currency: null };
  return { cost: Math.round(costs.reduce((sum, { amount }) => sum + amount, 0) * 100) / 100, currency };
}

function priceNotes(rows: readonly UsageRow[], stores: readonly StoreHealth[]): readonly string[] {
  const used = [...new Set(rows.flatMap(({ stored, store }) => (stored && store !== null ? [store] : [])))];
  const priceOf = (name: string) => stores.find((each) => each.name === name)?.price;
  const without = used.filter((name) => !priceOf(name));
  const currencies = new Set(used.flatMap((name) => priceOf(name)?.currency ?? []));
  return [
    ...(without.length > 0 ? [`Costs leave out stores without a price: ${without.join(', ')}.`] : []),
    ...(currencies.size > 1 ? ['Where stores have prices in several currencies, no cost is given.'] : []),
  ];
}

/** Of what age something is that the scanner reads from time to time. */
export function readNotes(
  { readAt, failed }: { readonly readAt: Date | null; readonly failed: string | null },
  what: string,
): readonly string[] {
  return [
    readAt === null ? `${what} was not read yet.` : `${what} was read at ${readAt.toISOString()}.`,
    ...(failed === null ? [] : [`${what} could not be read at the last attempt; the scanner tries again.`]),
  ];
}
