import { Refused, type Store } from '@coldroom/domain';
import { ArkivumStore } from './arkivum/arkivum-store';
import { CopiesStore, membersOf } from './copies/copies-store';
import { FileStore } from './file/file-store';
import { OlderStore } from './older/older-store';
import { S3Store } from './s3/s3-store';
import type { StoreSettings, StoresSettings } from './settings';
import type { StoreSurroundings } from './surroundings';

export interface Stores {
  readonly default: Store;
  /** The store for requests of this group, by the settings. */
  forGroup(group: string): Store;
  /** `Refused` `STORE_UNKNOWN` if the settings name no such store. */
  get(name: string): Store;
  readonly all: readonly Store[];
  close(): Promise<void>;
}

/** One line for each kind. A new kind needs its line, its settings, and to pass the conformance suite. */
export function openStore(name: string, settings: StoreSettings, surroundings: StoreSurroundings): Store {
  switch (settings.kind) {
    case 'file':
      return new FileStore(name, settings, surroundings);
    case 's3':
      return new S3Store(name, settings, surroundings);
    case 'arkivum':
      return new ArkivumStore(name, settings, surroundings);
    case 'older':
      return new OlderStore(name, settings, surroundings);
    case 'copies':
      throw new RangeError(`the store ${name} is made of others: openStores makes it`);
  }
}

/** Creates the stores that the settings name. Accesses nothing yet: `check` reports whether a store can be used. */
export function openStores(settings: StoresSettings, surroundings: StoreSurroundings): Stores {
  const stores = new Map<string, Store>();
  const listed = Object.entries(settings.stores);
  for (const [name, each] of listed) {
    const partOf = listed.filter(([, whole]) => whole.kind === 'copies' && whole.of.includes(name)).map(([of]) => of);
    if (each.kind !== 'copies') stores.set(name, openStore(name, each, { ...surroundings, partOf }));
  }
  for (const [name, each] of listed)
    if (each.kind === 'copies') stores.set(name, new CopiesStore(name, membersOf(name, each.of, stores)));
  const get = (name: string): Store => {
    const store = stores.get(name);
    if (!store)
      throw new Refused(
        'STORE_UNKNOWN',
        `The settings name no store "${name}"; there are ${[...stores.keys()].join(', ')}.`,
        { store: name },
      );
    return store;
  };
  return {
    default: get(settings.default),
    forGroup: (group) =>
      get(Object.hasOwn(settings.groups, group) ? (settings.groups[group] as string) : settings.default),
    get,
    all: [...stores.values()],
    close: async () => {
      for (const store of stores.values()) await store.close();
    },
  };
}
