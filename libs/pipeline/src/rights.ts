import { codeOf, rootNames, type RecallUse, type RootName, type StoreUse } from '@coldroom/domain';
import { checkAccess, openRoot, type Access } from '@coldroom/files';
import type { Stores } from '@coldroom/stores';
import type { Originals } from '@coldroom/trees';
import type { HoldDirectories } from '@coldroom/trees';

/** What a service does in directories that it does not own. Write includes read. */
export interface Rights {
  readonly originals: Access | 'none';
  readonly hold: Access | 'none';
  readonly store: StoreUse | 'none';
  /** In the directories where a store's recalled copies are placed. */
  readonly recall: RecallUse;
}

/** Each service checks these rights, and no others, at startup; docs/install.md has the same table. */
export const serviceRights = {
  scanner: { originals: 'read', hold: 'none', store: 'none', recall: 'none' },
  checksum: { originals: 'read', hold: 'read', store: 'read', recall: 'read' },
  transfer: { originals: 'read', hold: 'write', store: 'write', recall: 'write' },
  'ingest-watcher': { originals: 'none', hold: 'none', store: 'write', recall: 'none' },
  linker: { originals: 'write', hold: 'write', store: 'read', recall: 'write' },
} as const satisfies Readonly<Record<string, Rights>>;

/**
 * Throws if an available tree of originals lacks these rights, or if one of those that are `needed` is not available.
 */
export async function checkOriginals(
  originals: Originals,
  right: Rights['originals'],
  needed: readonly RootName[] = ['ManagedRepository'],
): Promise<void> {
  if (right === 'none') return;
  for (const name of rootNames)
    if ((await isThere(originals, name)) || needed.includes(name)) {
      const { directory } = await originals.root(name);
      await checkAccess(directory, right);
    }
}

export async function checkHolds(holds: HoldDirectories, right: Rights['hold']): Promise<void> {
  if (right === 'none') return;
  for (const path of holds.paths) {
    await openRoot(path, 'hold');
    await checkAccess(path, right);
  }
}

export async function checkStores(stores: Stores, { store: use, recall }: Rights): Promise<void> {
  if (use === 'none') return;
  for (const store of stores.all) await store.check(use, recall);
}

/** Not every server has data of OMERO 4. A tree that may not be read counts as available. */
async function isThere(originals: Originals, name: RootName): Promise<boolean> {
  try {
    await originals.root(name);
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.cause : undefined;
    if (codeOf(why) !== 'ENOENT') throw error;
    return false;
  }
}
