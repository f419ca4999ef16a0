import { Refused, type Container, type ContainerKind } from '@coldroom/domain';
import type { Session } from './session';

export interface ContainerContent {
  readonly name: string;
  /** Each image once, by id. */
  readonly imageIds: readonly bigint[];
}

/** No one reviews more at once. */
const mostImages = 100_000;

/** Images of a screen are those of its plates' wells; OMERO puts no image into a project or screen itself. */
const sources: Readonly<Record<ContainerKind, { readonly table: string; readonly images: string }>> = {
  Dataset: { table: 'dataset', images: 'SELECT child AS id FROM datasetimagelink WHERE parent = $1' },
  Project: {
    table: 'project',
    images:
      'SELECT i.child AS id FROM projectdatasetlink d JOIN datasetimagelink i ON i.parent = d.child WHERE d.parent = $1',
  },
  Plate: {
    table: 'plate',
    images: 'SELECT s.image AS id FROM well w JOIN wellsample s ON s.well = w.id WHERE w.plate = $1',
  },
  Screen: {
    table: 'screen',
    images:
      'SELECT s.image AS id FROM screenplatelink p JOIN well w ON w.plate = p.child JOIN wellsample s ON s.well = w.id WHERE p.parent = $1',
  },
};

/**
 * What OMERO shows in a container; undefined if it has none of this id. `Refused` `CONTAINER_TOO_LARGE` beyond
 * `mostImages`.
 */
export async function readContainer(session: Session, { kind, id }: Container): Promise<ContainerContent | undefined> {
  const { table, images } = sources[kind];
  const [known] = await session.rows<{ name: string }>(`SELECT name FROM ${table} WHERE id = $1`, [id]);
  if (!known) return undefined;
  const rows = await session.rows<{ id: bigint }>(`SELECT DISTINCT id FROM (${images}) i ORDER BY id LIMIT $2`, [
    id,
    mostImages + 1,
  ]);
  if (rows.length > mostImages)
    throw new Refused(
      'CONTAINER_TOO_LARGE',
      `${kind}:${id} has more than ${mostImages} images: name the datasets or plates in it instead`,
    );
  return { name: known.name, imageIds: rows.map((row) => row.id) };
}
