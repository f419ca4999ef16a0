import { placeOfBucket } from './s3/places';
import type { StoreSettings, StoresSettings } from './settings';

/** A store as people see it, without secrets. */
export interface StoreDescription {
  readonly name: string;
  readonly kind: StoreSettings['kind'];
  readonly isDefault: boolean;
  /** Names of the groups whose requests go to it. */
  readonly groups: readonly string[];
  readonly place: string;
  readonly price: { readonly perTBYear: number; readonly currency: string } | null;
}

export function describeStores(settings: StoresSettings): readonly StoreDescription[] {
  return Object.entries(settings.stores).map(([name, store]) => ({
    name,
    kind: store.kind,
    isDefault: name === settings.default,
    groups: Object.keys(settings.groups).filter((group) => settings.groups[group] === name),
    place: placeOf(store),
    price: store.price ?? null,
  }));
}

function placeOf(store: StoreSettings): string {
  switch (store.kind) {
    case 'file':
    case 'older':
      return store.directory;
    case 'arkivum':
      return `${store.mount}, appliance ${new URL(store.url).host}`;
    case 's3':
      return `${placeOfBucket(store)}, recalled to ${store.recallDirectory}`;
    case 'copies':
      return store.of.join(' and ');
  }
}
