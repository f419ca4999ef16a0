import type { StoreHealth } from '@coldroom/register';

/** Looks follow each other within two minutes, or three if a store does not answer. */
const oldMs = 10 * 60_000;

/** No service has looked at the store for so long that what was found may no longer be true. */
export function isOld({ lookedAt }: Pick<StoreHealth, 'lookedAt'>): boolean {
  return Date.now() - lookedAt.getTime() > oldMs;
}
