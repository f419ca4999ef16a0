import { Refused, type Store } from '@coldroom/domain';
import type { Claim } from '@coldroom/register';
import type { Stores } from '@coldroom/stores';

/** The two stores between which a bag moves. */
export interface BagStores {
  readonly from: Store;
  readonly to: Store;
}

/**
 * Where a bag that moves, or has moved, comes from and goes to. `Refused` `NOT_MOVING` where it does neither, `STORE_UNKNOWN` where the
 * settings do not name one of them.
 */
export function otherStores(stores: Stores, { bag, store, movingTo, movedFrom }: Claim): BagStores {
  if (movingTo !== null) return { from: stores.get(store), to: stores.get(movingTo) };
  if (movedFrom !== null) return { from: stores.get(movedFrom), to: stores.get(store) };
  throw new Refused(
    'NOT_MOVING',
    `bag ${bag} is in store ${store} and has no other one: somebody changed the register`,
  );
}
