import { checkUsageRights, fileSizes, isArchived, type OmeroFilesets } from './usage';
import type { Session } from './session';

/** What a set of filesets has; see `OmeroFilesets`. */
export type FilesetAmount = Pick<
  OmeroFilesets,
  'groupId' | 'ownerId' | 'images' | 'filesets' | 'files' | 'bytes' | 'archivedFilesets' | 'archivedBytes'
>;

/** Filesets that have images in a dataset, by owner and group of the images. */
export interface OmeroDataset extends FilesetAmount {
  readonly datasetId: bigint;
  readonly name: string;
}

export interface OmeroFormat extends FilesetAmount {
  readonly format: string;
}

/** A fileset without an archived image. */
export interface LargeFileset {
  readonly filesetId: bigint;
  readonly groupId: bigint;
  readonly ownerId: bigint;
  /** Of its first image. */
  readonly name: string;
  /** Of the import. */
  readonly year: number;
  readonly images: bigint;
  readonly files: bigint;
  readonly bytes: bigint;
}

/** Images of OMERO 4, which have no fileset, and the originals that were kept of them. */
export interface LegacyOriginals {
  readonly groupId: bigint;
  readonly ownerId: bigint;
  readonly images: bigint;
  readonly originals: bigint;
  readonly originalBytes: bigint;
}

/** Pixels of an image of OMERO 4. The database does not know the size of what is on disk. */
export interface LegacyPixels {
  readonly pixelsId: bigint;
  readonly groupId: bigint;
  readonly ownerId: bigint;
}

export interface OmeroDetails {
  readonly datasets: readonly OmeroDataset[];
  readonly formats: readonly OmeroFormat[];
  /** The largest first. */
  readonly largest: readonly LargeFileset[];
  readonly legacy: readonly LegacyOriginals[];
}

const mostLargest = 1000;

const amounts = `sum(images)::bigint AS images, count(*) AS filesets, sum(files)::bigint AS files, sum(bytes)::bigint AS bytes,
  count(*) FILTER (WHERE archived) AS "archivedFilesets", coalesce(sum(bytes) FILTER (WHERE archived), 0)::bigint AS "archivedBytes"`;

/** Each fileset once, as `readUsage` counts it. */
const one = `one AS (
  SELECT i.fileset, min(i.group_id) AS group_id, min(i.owner_id) AS owner_id, min(i.creation_id) AS creation_id, min(i.format) AS format,
    (array_agg(i.name ORDER BY i.id))[1] AS name, count(*) AS images, ${isArchived} AS archived
  FROM image i WHERE i.fileset IS NOT NULL GROUP BY i.fileset)`;

/** Each of the statements reads all filesets, images and files, and may take `limitMs`. */
export async function readDetails(session: Session, limitMs: number): Promise<OmeroDetails> {
  await checkUsageRights(session);
  await session.rows(`SET LOCAL statement_timeout = ${limitMs}`);
  const datasets = await session.rows<OmeroDataset>(
    `WITH ${fileSizes}, one AS (
       SELECT di.parent AS dataset, i.group_id, i.owner_id, i.fileset, count(DISTINCT i.id) AS images, ${isArchived} AS archived
       FROM datasetimagelink di JOIN image i ON i.id = di.child WHERE i.fileset IS NOT NULL GROUP BY 1, 2, 3, 4)
     SELECT one.dataset AS "datasetId", one.group_id AS "groupId", one.owner_id AS "ownerId", d.name, ${amounts}
     FROM one JOIN sizes USING (fileset) JOIN dataset d ON d.id = one.dataset GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3`,
  );
  const formats = await session.rows<OmeroFormat>(
    `WITH ${fileSizes}, ${one}
     SELECT f.value AS format, one.group_id AS "groupId", one.owner_id AS "ownerId", ${amounts}
     FROM one JOIN sizes USING (fileset) JOIN format f ON f.id = one.format GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  );
  const largest = await session.rows<LargeFileset>(
    `WITH ${fileSizes}, ${one}
     SELECT fileset AS "filesetId", one.group_id AS "groupId", one.owner_id AS "ownerId", one.name, extract(year FROM v.time)::int AS year, images, files, bytes
     FROM one JOIN sizes USING (fileset) JOIN event v ON v.id = one.creation_id WHERE NOT archived ORDER BY bytes DESC, fileset LIMIT ${mostLargest}`,
  );
  // An original that several images share counts once, for the first of their owners.
  const legacy = await session.rows<LegacyOriginals>(
    `WITH image4 AS (SELECT id, group_id, owner_id FROM image WHERE fileset IS NULL),
       original AS (
         SELECT m.parent AS id, min(i.group_id) AS group_id, min(i.owner_id) AS owner_id
         FROM image4 i JOIN pixels p ON p.image = i.id JOIN pixelsoriginalfilemap m ON m.child = p.id GROUP BY 1)
     SELECT group_id AS "groupId", owner_id AS "ownerId", coalesce(images, 0) AS images, coalesce(originals, 0) AS originals, coalesce(bytes, 0)::bigint AS "originalBytes"
     FROM (SELECT group_id, owner_id, count(*) AS images FROM image4 GROUP BY 1, 2) i
     FULL JOIN (SELECT x.group_id, x.owner_id, count(*) AS originals, sum(coalesce(o.size, 0))::bigint AS bytes
                FROM original x JOIN originalfile o ON o.id = x.id GROUP BY 1, 2) o USING (group_id, owner_id)
     ORDER BY 1, 2`,
  );
  return { datasets, formats, largest, legacy };
}

export function readLegacyPixels(session: Session): AsyncGenerator<LegacyPixels> {
  return session.cursor<LegacyPixels>(
    `SELECT p.id AS "pixelsId", i.group_id AS "groupId", i.owner_id AS "ownerId" FROM pixels p JOIN image i ON i.id = p.image WHERE i.fileset IS NULL`,
  );
}
