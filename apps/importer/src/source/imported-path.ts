import type { Place } from '@coldroom/files';
import type { ImportOrder, OrderedFile } from '@coldroom/register';
import type { OrderPlaces, SourcePlaces } from './places';

/** Whether names of ours are imported, not the source itself. */
export function hasLocks({ lock, transfer }: Pick<ImportOrder, 'lock' | 'transfer'>): boolean {
  return transfer !== 'ln_s' && (lock === 'links' || lock === 'moved');
}

/** Where a file is read by whoever imports it. */
export function importedPlace(
  places: OrderPlaces,
  order: Pick<ImportOrder, 'lock' | 'transfer'>,
  file: Pick<OrderedFile, 'path'>,
): Place {
  return hasLocks(order) ? places.own('locks').of(file) : places.sourceOf(file);
}

/**
 * The absolute path of a file of an order that OMERO's importer gets; the order is locked. With an empty path, that of the
 * whole set.
 */
export async function importedPath(
  places: SourcePlaces,
  order: ImportOrder,
  file: Pick<OrderedFile, 'path'>,
): Promise<Buffer> {
  const { root, path } = importedPlace(await places.of(order), order, file);
  return Buffer.concat([Buffer.from(`${root}/`), path]);
}
