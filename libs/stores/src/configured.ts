import { join } from 'node:path';
import { rootNames } from '@coldroom/domain';
import { openStores, type Stores } from './open-store';
import { readStores } from './settings';
import type { StoreSurroundings } from './surroundings';

/** The settings that say where stores and originals are. */
export interface StorePlaces {
  /** The file that names the stores. */
  readonly COLDROOM_STORES: string;
  /** No store may lie in one of its trees. */
  readonly OMERO_DATA_DIR: string;
}

/** Not optional, so that no caller forgets where keys come from: a store opened without them is refused at its first use. */
type Given = Pick<StoreSurroundings, 'files' | 'crashPoints'> & Required<Pick<StoreSurroundings, 'secrets'>>;

/** Opens the stores as they are configured. `Refused` `STORES_INVALID` where the stores file is not right. */
export async function openConfiguredStores(
  { COLDROOM_STORES: path, OMERO_DATA_DIR: dataDir }: StorePlaces,
  given: Given,
): Promise<Stores> {
  return openStores(await readStores(path), { ...given, omeroRoots: rootNames.map((name) => join(dataDir, name)) });
}
