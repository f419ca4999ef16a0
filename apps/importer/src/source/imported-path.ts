import type { ImportState } from '@coldroom/domain';
import type { Place } from '@coldroom/files';
import type { ImportOrder, OrderedFile } from '@coldroom/register';
import type { OrderPlaces, SourcePlaces } from './places';

/** Whether names of ours are imported, not the source itself. */
export function hasLocks({ lock, transfer }: Pick<ImportOrder, 'lock' | 'transfer'>): boolean {
  return transfer !== 'ln_s' && (lock === 'links' || lock === 'moved');
}

/** Where a file is while it is imported, in the buffer. */
export function lockedPlace(
  places: OrderPlaces,
  order: Pick<ImportOrder, 'lock' | 'transfer'>,
  file: Pick<OrderedFile, 'path'>,
): Place {
  return hasLocks(order) ? places.own('locks').of(file) : places.sourceOf(file);
}

/** From `synced` on, what is imported is the copy below the import root, where the buffer has one. */
const synced: readonly ImportState[] = ['synced', 'importing', 'imported', 'verified'];

/**
 * The absolute path of a file of an order that OMERO's importer gets; the order is locked. With an empty path, that of the
 * whole set.
 */
export async function importedPath(
  places: SourcePlaces,
  order: ImportOrder,
  file: Pick<OrderedFile, 'path'>,
): Promise<Buffer> {
  return (await importedPaths(places, order))(file);
}

/** The same for many files of an order. */
export async function importedPaths(
  places: SourcePlaces,
  order: ImportOrder,
): Promise<(file: Pick<OrderedFile, 'path'>) => Buffer> {
  const of = await places.of(order);
  const copies = synced.includes(order.stuckFrom ?? order.state) ? await of.importRoot() : undefined;
  return (file) => {
    const { root, path } = copies ? copies.of(file) : lockedPlace(of, order, file);
    return Buffer.concat([Buffer.from(`${root}/`), path]);
  };
}
