import type { StoreHealth, StorePart, Switch } from '@coldroom/register';
import { storeParts } from '@coldroom/register';
import type { Reviewer } from '../requests/review';
import { requireSight } from '../rights/require';
import type { Amount } from '../selected-files';
import { stoppedSwitches } from '../switches/stopped';
import { isOld } from './is-old';

/** A store as it was found at the last look, and what is in it. */
export interface StoreReview {
  readonly name: string;
  /** Null for a store that is no longer configured but still contains files. */
  readonly health: StoreHealth | null;
  /** No service has looked for so long that this may no longer be true. */
  readonly isOld: boolean;
  readonly isFillingUp: boolean;
  /** Its switch, while that is on. */
  readonly stopped: Switch | null;
  readonly content: Readonly<Record<StorePart, Amount>>;
}

const nothing: Amount = { files: 0, bytes: 0n };

/** All stores that are configured or contain files. `Refused` `NO_SUCH_PAGE` to who may not see them. */
export async function storesFor(reviewer: Reviewer): Promise<readonly StoreReview[]> {
  requireSight(reviewer, 'seeStores');
  const { register } = reviewer;
  const healths = await register.storeHealth.list();
  const contents = await register.storeHealth.contents();
  const filling = await register.troubles.list('store filling up');
  const stopped = await stoppedSwitches(register);
  const names = new Set([...healths, ...contents.map(({ store }) => ({ name: store }))].map(({ name }) => name));
  return [...names].map((name) => {
    const health = healths.find((one) => one.name === name) ?? null;
    return {
      name,
      health,
      isOld: health !== null && isOld(health),
      isFillingUp: health !== null && filling.some((trouble) => trouble.name === `store filling up:${name}`),
      stopped: stopped.find((one) => one.name === `store:${name}`) ?? null,
      content: Object.fromEntries(
        storeParts.map((part) => {
          const found = contents.find((each) => each.store === name && each.part === part);
          return [part, found ? { files: found.files, bytes: found.bytes } : nothing];
        }),
      ) as Record<StorePart, Amount>,
    };
  });
}
