import type { FetchRate, Register } from '@coldroom/register';
import { counted, formatBytes, formatDuration } from '@coldroom/terminal';
import type { Plan } from './plan';

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

/**
 * Below this share of the mean size so far, files take longer than their bytes suggest, because of opening and syncing
 * each one.
 */
const muchSmaller = 0.1;
const [minute, hour] = [60_000, 3_600_000];

export async function estimates(register: Register, plan: Plan): Promise<readonly Estimate[]> {
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

export function estimateLines(plan: Plan, all: readonly Estimate[]): readonly string[] {
  return all.map(({ store, seconds, basis }) => {
    if (seconds === null || basis === null)
      return `Time from store ${store}: no estimate: nothing has been fetched from this store yet`;
    const { files, bytes } = plan.fetch.find((one) => one.store === store) ?? { files: 0, bytes: 0n };
    const smaller = Number(bytes) / files < muchSmaller * (Number(basis.bytes) / basis.files);
    const from =
      basis.bags === 1
        ? 'the only bag fetched from it so far'
        : `the last ${counted(basis.bags, 'bag')} from this store`;
    return `Time from store ${store}: ${about(seconds * 1000)}, at the ${formatBytes(basis.bytesPerSecond)}/s of ${from}${smaller ? '; rather longer, as these files are much smaller than those were' : ''}`;
  });
}

/** Rounded to its actual accuracy. */
function about(ms: number): string {
  if (ms < minute) return 'less than a minute';
  return `about ${formatDuration(Math.ceil(ms / (ms < hour ? minute : 5 * minute)) * (ms < hour ? minute : 5 * minute))}`;
}
