import type { Session } from './session';

/** The size of the pixels of an image, and how they are stored. */
export interface PixelsFacts {
  readonly pixelsId: bigint;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly sizeZ: number;
  readonly sizeC: number;
  readonly sizeT: number;
  /** `uint16`; null if the role may not read the names of types. */
  readonly type: string | null;
}

/** What OMERO records of one image. */
export interface ImageRecord {
  readonly imageId: bigint;
  readonly name: string;
  readonly ownerId: bigint;
  readonly owner: string;
  readonly groupId: bigint;
  readonly group: string;
  readonly filesetId: bigint | null;
  readonly format: string;
  readonly archived: boolean | null;
  /** As OMERO's server writes it, without a time zone. */
  readonly acquired: string | null;
  /** `Project:1 a`, `Dataset:2 b`, `Screen:3 c`, `Plate:4 d`; the first of them. */
  readonly parents: readonly string[];
  readonly pixels: readonly PixelsFacts[];
}

const mostParents = 50;

/** Undefined if OMERO has none of this id. */
export async function readImageRecord(session: Session, id: bigint): Promise<ImageRecord | undefined> {
  const [image] = await session.rows<Omit<ImageRecord, 'parents' | 'pixels'>>(
    `SELECT i.id AS "imageId", i.name, i.owner_id AS "ownerId", e.omename AS owner, i.group_id AS "groupId", g.name AS "group", i.fileset AS "filesetId",
       f.value AS format, i.archived, to_char(i.acquisitiondate, 'YYYY-MM-DD HH24:MI:SS') AS acquired
     FROM image i JOIN experimenter e ON e.id = i.owner_id JOIN experimentergroup g ON g.id = i.group_id JOIN format f ON f.id = i.format WHERE i.id = $1`,
    [id],
  );
  if (!image) return undefined;
  const parents = await session.rows<{ parent: string }>(
    `SELECT kind || ':' || id || ' ' || name AS parent FROM (
       SELECT DISTINCT 'Project' AS kind, p.id, p.name FROM datasetimagelink di JOIN projectdatasetlink pd ON pd.child = di.parent JOIN project p ON p.id = pd.parent WHERE di.child = $1
       UNION SELECT 'Dataset', d.id, d.name FROM datasetimagelink di JOIN dataset d ON d.id = di.parent WHERE di.child = $1
       UNION SELECT 'Screen', s.id, s.name FROM wellsample ws JOIN well w ON w.id = ws.well JOIN screenplatelink sp ON sp.child = w.plate JOIN screen s ON s.id = sp.parent WHERE ws.image = $1
       UNION SELECT 'Plate', p.id, p.name FROM wellsample ws JOIN well w ON w.id = ws.well JOIN plate p ON p.id = w.plate WHERE ws.image = $1) x
     ORDER BY kind DESC, id LIMIT ${mostParents}`,
    [id],
  );
  return { ...image, parents: parents.map(({ parent }) => parent), pixels: await readPixelsFacts(session, id) };
}

async function readPixelsFacts(session: Session, imageId: bigint): Promise<readonly PixelsFacts[]> {
  const [right] = await session.rows<{ granted: boolean }>(
    `SELECT has_column_privilege('public.pixelstype', 'value', 'SELECT') AS granted`,
  );
  const [type, join] = right?.granted ? ['t.value', 'JOIN pixelstype t ON t.id = p.pixelstype'] : ['NULL::text', ''];
  return session.rows<PixelsFacts>(
    `SELECT p.id AS "pixelsId", p.sizex AS "sizeX", p.sizey AS "sizeY", p.sizez AS "sizeZ", p.sizec AS "sizeC", p.sizet AS "sizeT", ${type} AS type
     FROM pixels p ${join} WHERE p.image = $1 ORDER BY p.image_index, p.id`,
    [imageId],
  );
}

/** Of these images, those that exist. */
export async function readExisting(session: Session, ids: readonly bigint[]): Promise<ReadonlySet<bigint>> {
  const rows = await session.rows<{ id: bigint }>('SELECT id FROM image WHERE id = ANY ($1)', [ids]);
  return new Set(rows.map(({ id }) => id));
}

/** The first image of a fileset; undefined if OMERO has no image in it. */
export async function readImageOf(session: Session, filesetId: bigint): Promise<bigint | undefined> {
  const [first] = await session.rows<{ id: bigint | null }>('SELECT min(id) AS id FROM image WHERE fileset = $1', [
    filesetId,
  ]);
  return first?.id ?? undefined;
}
