import type { StoreHealth, StorePrice, UsageRow } from '@coldroom/register';
import { added, type FilesAndBytes } from './lines';

/** An amount of money for a year. */
export interface YearlyCost {
  readonly amount: number;
  readonly currency: string;
}

/** What is in a store. */
export interface StoreUsage extends FilesAndBytes {
  readonly store: string;
  /** Null where the stores file names no price. */
  readonly cost: YearlyCost | null;
}

/** A terabyte, as prices mean it. */
const terabyte = 1e12;

export function costOf(bytes: bigint, price: StorePrice | null): YearlyCost | null {
  return price && { amount: (Number(bytes) / terabyte) * price.perTBYear, currency: price.currency };
}

/** Archived copies by store. Copies of files that are being archived or were put back are not counted. */
export function byStore(rows: readonly UsageRow[], stores: readonly StoreHealth[]): readonly StoreUsage[] {
  const archived = rows.filter(({ part }) => part === 'held' || part === 'freed' || part === 'retrieved');
  return [...Map.groupBy(archived, ({ store }) => store ?? '')]
    .map(([store, of]) => {
      const amount = added(of);
      return { store, ...amount, cost: costOf(amount.bytes, stores.find(({ name }) => name === store)?.price ?? null) };
    })
    .toSorted((one, other) => Number(other.bytes - one.bytes));
}
