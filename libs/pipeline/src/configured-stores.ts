import type { CrashSettings, Files } from '@coldroom/files';
import { secret } from '@coldroom/runtime';
import { openStores, readStores, type Stores } from '@coldroom/stores';
import type { Originals } from '@coldroom/trees';

/** Under which a service finds its stores. */
export const STORES = Symbol('stores');

/** Opens the stores that the file at `path` names; none may lie among the originals. `drills` are for threads that a store makes for itself. */
export async function openConfiguredStores(
  path: string,
  files: Files,
  originals: Originals,
  crashPoints: CrashSettings = {},
): Promise<Stores> {
  return openStores(await readStores(path), {
    files,
    omeroRoots: originals.directories(),
    secrets: secret,
    crashPoints,
  });
}
