import type { Reviewer } from '../requests/review';
import { UsageError } from '../failure';
import { visibleTo } from '../rights/rights';
import { archiveReport, storeReport } from './archive-report';
import { candidatesByAge, largestCandidates } from './candidates-report';
import { changesByGroup } from './changes-report';
import { usageByDataset, usageByFormat, usageByProject } from './container-reports';
import { expiryReport } from './expiry-report';
import { imageReport } from './image-report';
import { integrityReport } from './integrity-report';
import { namedSizes } from './list-file';
import { candidateKeys, usageKeys, type ReportName, type ReportOrder, type ReportPrices } from './order';
import { sizeReport } from './size-report';
import type { TableReport } from './table-report';
import { usageByOwner } from './usage-report';

/** What each report takes besides the group and the owner. */
const takes: Readonly<Record<ReportName, readonly (keyof ReportOrder)[]>> = {
  usage: ['rows', 'since', 'groupId', 'ownerId'],
  archive: ['groupId', 'ownerId'],
  image: ['objects'],
  integrity: [],
  size: ['objects'],
  candidates: ['rows', 'groupId', 'ownerId'],
  store: ['store', 'groupId', 'ownerId'],
  expiry: ['groupId', 'ownerId'],
};
const words: Readonly<Partial<Record<keyof ReportOrder, string>>> = {
  groupId: 'a group',
  ownerId: 'an owner',
  objects: 'images',
  store: 'a store',
};

/**
 * A report, as far as the actor may see what is in it: of their own data, of the groups they lead, or of all. `UsageError`
 * for an order that cannot be understood.
 */
export async function makeReport(
  reviewer: Reviewer,
  order: ReportOrder,
  prices: ReportPrices = {},
): Promise<TableReport> {
  refuseUnused(order);
  const { register, actor, policy } = reviewer;
  const { groupId, ownerId } = order;
  const choice = { groupId, ownerId };
  const filter = { ...choice, visibleTo: visibleTo(actor, policy, 'seeUsage') };
  switch (order.name) {
    case 'usage':
      return usageReport(reviewer, order, prices);
    case 'expiry':
      return expiryReport(register, filter);
    case 'archive':
      return archiveReport(register, filter);
    case 'image':
      return imageReport(reviewer, order.objects ?? []);
    case 'integrity':
      return integrityReport(reviewer);
    case 'size':
      return sizeReport(reviewer, namedSizes(order.objects ?? []));
    case 'candidates':
      return keyOf(order.rows, candidateKeys) === 'age'
        ? candidatesByAge(reviewer, choice)
        : largestCandidates(reviewer, filter);
    case 'store':
      if (order.store === undefined) throw new UsageError('The report on a store needs its name');
      return storeReport(register, filter, order.store);
  }
}

async function usageReport(
  { register, actor, policy }: Reviewer,
  { rows, since, groupId, ownerId }: ReportOrder,
  prices: ReportPrices,
): Promise<TableReport> {
  const visible = visibleTo(actor, policy, 'seeUsage');
  const filter = { groupId, ownerId, visibleTo: visible };
  const key = keyOf(rows, usageKeys);
  if (since !== undefined) {
    if (key !== 'group' || ownerId !== undefined)
      throw new UsageError('Changes since a day are known of whole groups only');
    if (!/^\d{4}-\d{2}-\d{2}$/.test(since) || Number.isNaN(Date.parse(since)))
      throw new UsageError(`The day must be written as 2026-11-29, not "${since}"`);
    const led = visible?.groupIds;
    const groups = groupId === undefined ? led : [groupId].filter((id) => led?.includes(id) ?? true);
    return changesByGroup(register, groups, filter, since);
  }
  switch (key) {
    case 'project':
      return usageByProject(register, filter);
    case 'dataset':
      return usageByDataset(register, filter);
    case 'format':
      return usageByFormat(register, filter);
    default:
      return usageByOwner(register, key, filter, prices);
  }
}

function keyOf<Key extends string>(rows: string | undefined, keys: readonly [Key, ...Key[]]): Key {
  const key = rows === undefined ? keys[0] : keys.find((each) => each === rows);
  if (key === undefined) throw new UsageError(`"${rows}" is no row of this report; there are ${keys.join(', ')}`);
  return key;
}

function refuseUnused({ name, ...given }: ReportOrder): void {
  for (const [key, value] of Object.entries(given) as [keyof ReportOrder, unknown][])
    if (value !== undefined && !takes[name].includes(key))
      throw new UsageError(`The report ${name} does not take ${words[key] ?? `"${key}"`}`);
}
