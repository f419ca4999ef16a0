import { OmeroDatabase } from '@coldroom/omero';
import type { Register, Target } from '@coldroom/register';
import { notFound } from '../failure';
import type { Surroundings } from '../surroundings';

/** The archived images of datasets, which only OMERO knows. `Refused` `NO_SUCH_TARGET` if there are none. */
export async function archivedImagesIn(
  around: Surroundings,
  register: Register,
  datasets: readonly bigint[],
): Promise<readonly Target[]> {
  if (datasets.length === 0) return [];
  const omero = OmeroDatabase.connect(around.settings('omero').OMERO_DATABASE_URL, { max: 1 });
  try {
    const images = new Set<bigint>();
    for (const id of datasets) {
      const found = await omero.imagesIn(id);
      if (!found)
        throw notFound(
          `Dataset:${id} in OMERO`,
          'NO_SUCH_TARGET',
          'OMERO.web shows the id of a selected dataset on the right',
        );
      for (const image of found) images.add(image);
    }
    const ids = await register.retrievals.archivedAmong([...images]);
    if (ids.length === 0)
      throw notFound(
        'an archived image in these datasets',
        'NO_SUCH_TARGET',
        'images that are there already need no restore',
      );
    return [{ kind: 'Image', ids }];
  } finally {
    await omero.close();
  }
}
