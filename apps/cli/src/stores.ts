import { join } from 'node:path';
import { rootNames, type Store, type Work } from '@coldroom/domain';
import { Files } from '@coldroom/files';
import { openStores, readStores, type Stores } from '@coldroom/stores';
import type { Context } from './context';

/** What a command that reads stores has at hand. */
export interface StorePlaces {
  readonly stores: Stores;
  readonly files: Files;
  readonly dataDir: string;
}

/** Opens the configured stores for `use`, and closes them in any case. */
export async function withStores<T>(context: Context, use: (places: StorePlaces) => Promise<T>): Promise<T> {
  const { COLDROOM_STORES: path, OMERO_DATA_DIR: dataDir } = context.settings('stores', 'originals');
  const settings = await readStores(path);
  const files = new Files({ threads: 1 });
  try {
    const stores = openStores(settings, {
      files,
      omeroRoots: rootNames.map((name) => join(dataDir, name)),
      secrets: (name) => context.env[name],
    });
    try {
      return await use({ stores, files, dataDir });
    } finally {
      await stores.close();
    }
  } finally {
    await files.close();
  }
}

/** The store that was named, or the default one; it can be read. */
export async function chosenStore({ stores }: StorePlaces, name: string | undefined): Promise<Store> {
  const store = name === undefined ? stores.default : stores.get(name);
  await store.check('read');
  return store;
}

/** Work that no claim bounds: it only reads, or in a place of its own. */
export function unclaimed(progress: Work['progress'] = () => undefined): Work {
  return {
    signal: new AbortController().signal,
    deadline: new BigInt64Array(new SharedArrayBuffer(8)).fill(2n ** 62n),
    progress,
  };
}
