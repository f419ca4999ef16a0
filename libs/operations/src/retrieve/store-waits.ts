import type { RetrievalPlan } from '@coldroom/register';
import { readStores } from '@coldroom/stores';
import type { Surroundings } from '../surroundings';

/** Why copies cannot be fetched at once: they are on tape, or in a cold storage class. */
export type StoreWait = { readonly store: string } & (
  | { readonly kind: 'tape' }
  | { readonly kind: 'class'; readonly storageClass: string; readonly tier: string; readonly duration: string }
);

/** How long archive classes take by tier, as AWS documents it (S3 User Guide, "Archive retrieval options"). */
const durations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GLACIER: { Expedited: '1 to 5 minutes', Standard: '3 to 5 hours', Bulk: '5 to 12 hours' },
  DEEP_ARCHIVE: { Standard: 'up to 12 hours', Bulk: 'up to 48 hours' },
};

/** The waits of the stores of a plan; none if this machine does not know the stores. */
export async function storeWaits(
  { env }: Pick<Surroundings, 'env'>,
  { fetch }: RetrievalPlan,
): Promise<readonly StoreWait[]> {
  if (env['COLDROOM_STORES'] === undefined) return [];
  const { stores } = await readStores(env['COLDROOM_STORES']);
  return fetch.flatMap(({ store: name }): StoreWait[] => {
    const store = stores[name];
    if (store?.kind === 'arkivum') return [{ store: name, kind: 'tape' }];
    if (store?.kind !== 's3') return [];
    const { storageClass = '', restoreTier: tier } = store;
    const duration = durations[storageClass]?.[tier];
    return duration === undefined ? [] : [{ store: name, kind: 'class', storageClass, tier, duration }];
  });
}
