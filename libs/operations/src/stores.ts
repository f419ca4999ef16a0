import type { Store, Work } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { openConfiguredStores, type Stores } from '@coldroom/stores';
import type { Surroundings } from './surroundings';

/** What a command that reads stores needs. */
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
    const stores = await openConfiguredStores(settings, { files, secrets: (name) => env[name] });
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

/** The named store, or the default one; it is readable. */
export async function chosenStore({ stores }: StorePlaces, name: string | undefined): Promise<Store> {
  const store = name === undefined ? stores.default : stores.get(name);
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
