import type { FilesetWanted } from '@coldroom/domain';
import type { ImportOrder, Register } from '@coldroom/register';
import { clientPathOf } from '../omero/client-path';
import { importedPaths } from '../source/imported-path';
import type { SourcePlaces } from '../source/places';

/** A fileset of an order. */
export interface Wanted extends FilesetWanted {
  /** The absolute path that the importer is given for it. */
  readonly opened: Buffer;
}

/** All filesets of a listed order. Their paths are in memory: they are compared as a whole with what OMERO has. */
export async function wantedOf(
  { imports }: Register,
  places: SourcePlaces,
  order: ImportOrder,
): Promise<readonly Wanted[]> {
  const pathOf = await importedPaths(places, order);
  const wanted: Wanted[] = [];
  for (let after = 0; ;) {
    const batch = await imports.filesets.of(order.id, after);
    if (batch.length === 0) return wanted;
    const numbers = batch.map(({ number }) => number);
    const files = Map.groupBy(await imports.files.ofFilesets(order.id, numbers), ({ fileset }) => fileset);
    for (const { number, opened } of batch) {
      const clientPaths = (files.get(number) ?? []).map(({ path }) => clientPathOf(pathOf({ path }).toString()));
      wanted.push({ number, opened: pathOf({ path: opened }), clientPaths });
    }
    after = numbers.at(-1)!;
  }
}
