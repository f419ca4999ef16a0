import { Refused } from '@coldroom/domain';
import { markerNameOf, renameMarker } from '@coldroom/files';
import type { Register } from '@coldroom/register';
import { markedDirectories, readStores } from '@coldroom/stores';
import { UsageError } from '../failure';
import { refuseWhileServicesWork } from '../services-at-work';
import { storeSettings } from './open';

export interface StoreRename {
  readonly from: string;
  readonly to: string;
  /** The directories whose markers get the new name. */
  readonly directories: readonly string[];
}

/** What a rename would change. The stores file must name the store by its new name only. `Refused` `STORE_UNKNOWN`. */
export async function planStoreRename(storesPath: string, from: string, to: string): Promise<StoreRename> {
  const settings = await readStores(storesPath);
  if (Object.hasOwn(settings.stores, from))
    throw new UsageError(`The stores file still names a store ${from}: write its new name there first`);
  const whole = Object.entries(settings.stores).find(([, store]) => store.kind === 'copies' && store.of.includes(to));
  if (whole)
    throw new UsageError(
      `Store ${to} is a part of store ${whole[0]}: what proves the copies there names it, so its name cannot change`,
    );
  const marked = markedDirectories(to, storeSettings(settings, to));
  return { from, to, directories: marked.filter(({ marker }) => marker === to).map(({ path }) => path) };
}

/**
 * Renames the store in the register and then in its markers, which keep their ids. May be repeated after a crash.
 * `Refused` `REGISTER_IN_USE` while services run. Returns how many bags it has.
 */
export async function renameStore(
  register: Register,
  { from, to, directories }: StoreRename,
  by: string,
): Promise<number> {
  await refuseWhileServicesWork(register.services);
  for (const directory of directories)
    if ((await markerNameOf(directory)) === to && (await hasBags(register, from)))
      throw new Refused(
        'STORE_IN_USE',
        `The marker of ${directory} says ${to} already, but the register has bags in store ${from}: it is another store.`,
      );
  const bags = await register.renameStore(from, to, by);
  for (const directory of directories) await renameMarker(directory, from, to);
  return bags;
}

async function hasBags(register: Register, store: string): Promise<boolean> {
  return !(await register.relinks.bags(store).next()).done;
}
