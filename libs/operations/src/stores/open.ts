import { codeOf, Refused, type KnownMarkers, type Store, type Work } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import {
  onlyRead,
  openConfiguredStores,
  readStores,
  type StoreSettings,
  type Stores,
  type StoresSettings,
} from '@coldroom/stores';
import type { Surroundings } from '../surroundings';

/** What an operation that reads stores needs. */
export interface StorePlaces {
  readonly stores: Stores;
  readonly files: Files;
  readonly dataDir: string;
}

/** Opens the configured stores for `use`, and closes them in any case. */
export async function withStores<T>(context: Surroundings, use: (places: StorePlaces) => Promise<T>): Promise<T> {
  const settings = context.settings('stores', 'originals');
  const files = new Files({ threads: 1 });
  try {
    const { env } = context;
    const stores = await openConfiguredStores(settings, {
      files,
      secrets: (name) => env[name],
      markers: compared(context),
    });
    try {
      return await use({ stores, files, dataDir: settings.OMERO_DATA_DIR });
    } finally {
      // Not awaited: a hung server or mount would block this process.
      stores.close().catch(() => undefined);
    }
  } finally {
    await files.close();
  }
}

/** A command compares markers with the register. It makes none: only services do, whose stores file counts. */
function compared(context: Surroundings): KnownMarkers {
  return {
    expect: async (found) => {
      try {
        return await context.register(({ storeMarkers }) => storeMarkers.compare(found));
      } catch (error) {
        if (codeOf(error) === 'ROOT_REPLACED') throw error;
        return undefined; // no register yet, or it is away, which other findings say: nothing to compare
      }
    },
    confirm: async () => undefined,
  };
}

/** What the settings say about a store; `Refused` `STORE_UNKNOWN` if they do not name it. */
export function storeSettings({ stores }: StoresSettings, name: string): StoreSettings {
  const found = Object.hasOwn(stores, name) ? stores[name] : undefined;
  if (!found)
    throw new Refused(
      'STORE_UNKNOWN',
      `The settings name no store "${name}"; there are ${Object.keys(stores).join(', ')}.`,
    );
  return found;
}

/** The named store, or the default one; it is readable, and has bags of its own. `Refused` `STORE_ONLY_READ`. */
export async function chosenStore({ stores }: StorePlaces, name: string | undefined): Promise<Store> {
  const store = name === undefined ? stores.default : stores.get(name);
  if (store.isOnlyRead) throw onlyRead(store.name);
  await store.check('read');
  return store;
}

/** Work without a claim: it only reads, or writes only in a place of its own. */
export function unclaimed(progress: Work['progress'] = () => undefined): Work {
  return {
    signal: new AbortController().signal,
    deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
    progress,
  };
}

/** `Refused` `STORE_UNKNOWN` if the settings name no store of this name. */
export async function refuseUnknownStore(around: Surroundings, name: string): Promise<void> {
  storeSettings(await readStores(around.settings('stores').COLDROOM_STORES), name);
}
