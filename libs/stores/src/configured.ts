import { join } from 'node:path';
import { rootNames } from '@coldroom/domain';
import { openStores, type Stores } from './open-store';
import { readStores } from './settings';
import type { StoreSurroundings } from './surroundings';

/** The settings that name the locations of stores and originals. */
export interface StorePlaces {
  /** The file that names the stores. */
  readonly COLDROOM_STORES: string;
  /** No store may be inside one of these trees. */
  readonly OMERO_DATA_DIR: string;
}

/**
 * Not optional, so that no caller forgets the source of the keys, without which a store is refused at its first use, or
 * what is known of markers, without which another bucket would be written to.
 */
type Given = Pick<StoreSurroundings, 'files' | 'crashPoints'> &
  Required<Pick<StoreSurroundings, 'secrets' | 'markers'>>;

/** Opens the stores as configured. `Refused` `STORES_INVALID` if the stores file is invalid. */
export async function openConfiguredStores(
  { COLDROOM_STORES: path, OMERO_DATA_DIR: dataDir }: StorePlaces,
  given: Given,
): Promise<Stores> {
  return openStores(await readStores(path), { ...given, omeroRoots: rootNames.map((name) => join(dataDir, name)) });
}
