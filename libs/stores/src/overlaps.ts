import type {
  ArkivumStoreSettings,
  CopiesStoreSettings,
  FileStoreSettings,
  OlderStoreSettings,
  S3StoreSettings,
} from './store-settings';

type AnyStore = ArkivumStoreSettings | CopiesStoreSettings | FileStoreSettings | OlderStoreSettings | S3StoreSettings;

/**
 * Stores whose bags would share a location, one fault for each pair: one copy there would count as two, and leftovers
 * of one store would be the content of the other.
 */
export function overlaps(stores: Readonly<Record<string, AnyStore>>): readonly string[] {
  const places = Object.entries(stores).flatMap(([name, store]) =>
    store.kind === 'copies' ? [] : [{ name, place: placeOf(store) }],
  );
  return places.flatMap((one, at) =>
    places
      .slice(at + 1)
      .filter((other) => startsWith(one.place, other.place) || startsWith(other.place, one.place))
      .map(
        (other) =>
          `${one.name} and ${other.name} are both in ${(one.place.length < other.place.length ? one : other).place.join('/')}: each store needs a place of its own`,
      ),
  );
}

/**
 * From the outermost part to the innermost. Of a server only host and port count: with and without TLS it is the same
 * one.
 */
function placeOf(store: Exclude<AnyStore, CopiesStoreSettings>): readonly string[] {
  switch (store.kind) {
    case 'file':
    case 'older':
      return store.directory.split('/');
    case 'arkivum':
      return store.mount.split('/');
    case 's3':
      return [new URL(store.endpoint).host, store.bucket, ...store.prefix.split('/').filter((part) => part !== '')];
  }
}

function startsWith(place: readonly string[], start: readonly string[]): boolean {
  return start.every((part, at) => place[at] === part);
}
