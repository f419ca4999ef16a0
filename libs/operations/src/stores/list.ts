import { codeOf, messageOf } from '@coldroom/domain';
import type { Surroundings } from '../surroundings';
import { withStores } from './open';

export interface StoreListing {
  readonly name: string;
  readonly kind: string;
  readonly default: boolean;
  /** Why it cannot be used; null if it can. */
  readonly fault: { readonly code: string; readonly message: string } | null;
}

/** All configured stores, and whether each can be read and written. */
export async function listStores(around: Surroundings): Promise<readonly StoreListing[]> {
  return withStores(around, async ({ stores }) => {
    const found: StoreListing[] = [];
    for (const store of stores.all) {
      const fault = await store.check('write').then(
        () => null,
        (error: unknown) => ({ code: codeOf(error), message: messageOf(error) }),
      );
      found.push({ name: store.name, kind: store.kind, default: store === stores.default, fault });
    }
    return found;
  });
}
