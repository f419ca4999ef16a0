import { Refused, type Store } from '@coldroom/domain';
import type { Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** The two stores between which a bag moves. */
export interface BagStores {
  readonly from: Store;
  readonly to: Store;
}

/**
 * The source and target of a bag that moves or has moved. `Refused` `NOT_MOVING` if it does neither, `STORE_UNKNOWN` if
 * one of the stores is not in the settings.
 */
export function otherStores(stores: Stores, { bag, store, movingTo, movedFrom }: Claim): BagStores {
  if (movingTo !== null) return { from: stores.get(store), to: stores.get(movingTo) };
  if (movedFrom !== null) return { from: stores.get(movedFrom), to: stores.get(store) };
  throw new Refused('NOT_MOVING', `bag ${bag} is in store ${store} and in no other one: the register was changed`);
}
