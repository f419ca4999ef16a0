import type { FetchRate, Register, RetrievalPlan } from '@coldroom/register';

/** How long fetching from a store may take, and the basis of the estimate; null if nothing is known. */
export interface Estimate {
  readonly store: string;
  readonly seconds: number | null;
  readonly basis: {
    readonly bags: number;
    readonly files: number;
    readonly bytes: bigint;
    readonly bytesPerSecond: number;
  } | null;
}

export async function estimates(register: Register, plan: RetrievalPlan): Promise<readonly Estimate[]> {
  const rates = await register.retrievals.rates(plan.fetch.map(({ store }) => store));
  return plan.fetch.map(({ store, bytes }) =>
    estimate(
      store,
      bytes,
      rates.find((rate) => rate.store === store),
    ),
  );
}

function estimate(store: string, need: bigint, rate: FetchRate | undefined): Estimate {
  if (!rate) return { store, seconds: null, basis: null };
  const bytesPerSecond = Number(rate.bytes) / (rate.ms / 1000);
  return {
    store,
    seconds: Math.ceil(Number(need) / bytesPerSecond),
    basis: { bags: rate.bags, files: rate.files, bytes: rate.bytes, bytesPerSecond: Math.round(bytesPerSecond) },
  };
}
