import { Refused, type Store } from '@coldroom/domain';
import { FileStore } from './file/file-store';
import type { StoreSettings, StoresSettings } from './settings';
import type { StoreSurroundings } from './surroundings';

export interface Stores {
  readonly default: Store;
  /** `Refused` `STORE_UNKNOWN` where the settings name no such store. */
  get(name: string): Store;
  readonly all: readonly Store[];
  close(): Promise<void>;
}

/** One line a kind: adding one is this line, its settings, and passing the conformance suite. */
export function openStore(name: string, settings: StoreSettings, surroundings: StoreSurroundings): Store {
  switch (settings.kind) {
    case 'file': return new FileStore(name, settings, surroundings);
  }
}

/** Makes the stores that the settings name. Touches nothing yet: `check` says whether a store can be used. */
export function openStores(settings: StoresSettings, surroundings: StoreSurroundings): Stores {
  const stores = new Map(Object.entries(settings.stores).map(([name, each]) => [name, openStore(name, each, surroundings)]));
  const get = (name: string): Store => {
    const store = stores.get(name);
    if (!store) throw new Refused('STORE_UNKNOWN', `The settings name no store "${name}"; there are ${[...stores.keys()].join(', ')}.`, { store: name });
    return store;
  };
  return {
    default: get(settings.default),
    get,
    all: [...stores.values()],
    close: async () => {
      for (const store of stores.values()) await store.close();
    },
  };
}
