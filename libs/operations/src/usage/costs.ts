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

export function costOf(bytes: bigint, { perTBYear, currency }: StorePrice): YearlyCost {
  return { amount: (Number(bytes) / terabyte) * perTBYear, currency };
}

/** Sealed copies by store, without those of files that were put back or abandoned. */
export function byStore(rows: readonly UsageRow[], stores: readonly StoreHealth[]): readonly StoreUsage[] {
  const stored = rows.filter((row) => row.stored);
  return [...Map.groupBy(stored, ({ store }) => store ?? '')]
    .map(([store, of]) => {
      const amount = added(of);
      const price = stores.find(({ name }) => name === store)?.price;
      return { store, ...amount, cost: price ? costOf(amount.bytes, price) : null };
    })
    .toSorted((one, other) => Number(other.bytes - one.bytes));
}
