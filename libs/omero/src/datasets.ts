import type { Session } from './session';

/** The images that OMERO shows in a dataset; undefined if it has no dataset of this id. */
export async function imagesInDataset(session: Session, datasetId: bigint): Promise<readonly bigint[] | undefined> {
  const known = await session.rows<{ id: bigint }>('SELECT id FROM dataset WHERE id = $1', [datasetId]);
  if (known.length === 0) return undefined;
  const images = await session.rows<{ child: bigint }>(
    'SELECT DISTINCT child FROM datasetimagelink WHERE parent = $1 ORDER BY child',
    [datasetId],
  );
  return images.map(({ child }) => child);
}
