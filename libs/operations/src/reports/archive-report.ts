import { usageParts, type Register, type UsageFilter, type UsagePart } from '@coldroom/register';
import { notFound } from '../failure';
import type { Reviewer } from '../requests/review';
import { visibleTo } from '../rights/rights';
import { added } from '../usage/lines';
import type { TableReport } from './table-report';
import { reportTables } from './tables';
import { costCells, ownerCells } from './usage-report';

/** As people call it; the order is that of the work. */
const partNames: Readonly<Record<UsagePart, string>> = {
  waiting: 'waits for a decision',
  beingArchived: 'being archived',
  held: 'archived, original held',
  freed: 'archived, space freed',
  retrieved: 'retrieved or being retrieved',
  back: 'in OMERO again',
  stuck: 'stuck',
  leftOut: 'not archived',
};

/** What waits, runs and is archived, by owner. */
export async function archiveReport({ usage }: Register, filter: UsageFilter): Promise<TableReport> {
  const rows = await usage.ofFiles(filter);
  const grouped = [...Map.groupBy(rows, ({ part, groupId, ownerId }) => `${part} ${groupId} ${ownerId}`).values()];
  const lines = grouped.map((of) => ({ first: of[0]!, amount: added(of) }));
  const ordered = lines.toSorted(
    (one, other) =>
      usageParts.indexOf(one.first.part) - usageParts.indexOf(other.first.part) ||
      Number(other.amount.bytes - one.amount.bytes),
  );
  return {
    table: 'archive',
    title: 'What waits, is being archived and is archived',
    columns: reportTables.archive,
    rows: (async function* parts() {
      for (const { first, amount } of ordered) yield { part: partNames[first.part], ...ownerCells(first), ...amount };
    })(),
    notes: ['Each file of the register is in exactly one row.'],
  };
}

/** Stores of which the report on a store has something for the actor. */
export async function storeNamesFor({ register, actor, policy }: Reviewer): Promise<readonly string[]> {
  const rows = await register.usage.ofFiles({ visibleTo: visibleTo(actor, policy, 'seeUsage') });
  return [...new Set(rows.flatMap(({ stored, store }) => (stored && store !== null ? [store] : [])))].toSorted();
}

/** Sealed copies in one store, by owner. `Refused` `NO_SUCH_STORE` if there is no such store. */
export async function storeReport(
  { usage, storeHealth }: Register,
  filter: UsageFilter,
  store: string,
): Promise<TableReport> {
  const stores = await storeHealth.list();
  const rows = (await usage.ofFiles(filter)).filter((row) => row.stored && row.store === store);
  const health = stores.find(({ name }) => name === store);
  if (!health && rows.length === 0)
    throw notFound(`store "${store}"`, 'NO_SUCH_STORE', '"coldroom store list" shows those that are configured');
  const lines = [...Map.groupBy(rows, ({ groupId, ownerId }) => `${groupId} ${ownerId}`).values()]
    .map((of) => ({ of, amount: added(of) }))
    .toSorted((one, other) => Number(other.amount.bytes - one.amount.bytes));
  return {
    table: 'store',
    title: `What is in store ${store}`,
    columns: reportTables.store,
    rows: (async function* owners() {
      for (const { of, amount } of lines) yield { ...ownerCells(of[0]!), ...amount, ...costCells(of, stores) };
    })(),
    notes: [
      health
        ? `Store ${store} is of kind ${health.kind}${health.price ? '' : ', without a price'}.`
        : `Store ${store} is no longer configured.`,
      'Copies that were sealed, without those of files that were put back or abandoned.',
    ],
  };
}
