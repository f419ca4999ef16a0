import { Refused } from '@coldroom/domain';
import type { Session } from './session';

/** Filesets of one owner in one group that were imported in the same year and are about as large. */
export interface OmeroFilesets {
  readonly groupId: bigint;
  readonly ownerId: bigint;
  /** Of the import. */
  readonly year: number;
  /** 0 below 1 GiB, 1 below 10 GiB, 2 below 100 GiB, 3 from then on. */
  readonly sizeClass: number;
  readonly images: bigint;
  readonly filesets: bigint;
  readonly files: bigint;
  readonly bytes: bigint;
  /** Those of them that have an archived image. */
  readonly archivedFilesets: bigint;
  readonly archivedBytes: bigint;
}

/** Filesets that have images in a project, by owner and group of the images. */
export interface OmeroProject {
  readonly projectId: bigint;
  readonly groupId: bigint;
  readonly ownerId: bigint;
  readonly name: string;
  readonly filesets: bigint;
  readonly bytes: bigint;
  readonly archivedBytes: bigint;
}

export interface OmeroUsage {
  readonly filesets: readonly OmeroFilesets[];
  readonly projects: readonly OmeroProject[];
}

/** Refuses a role that may not read when images were imported, and says what to grant. Nothing else needs that right. */
export async function checkUsageRights(session: Session): Promise<void> {
  const [right] = await session.rows<{ granted: boolean }>(
    `SELECT has_column_privilege('public.event', 'time', 'SELECT') AS granted`,
  );
  if (right?.granted) return;
  throw new Refused(
    'OMERO_USAGE_NOT_READABLE',
    "The database role may not read time of event in OMERO's database, so Coldroom does not know what was imported when. Run docs/omero-grants.sql there.",
  );
}

/**
 * Adds up the filesets that have images; images of OMERO 4 have none. All images of a fileset count as those of one owner.
 * Each of both statements reads all filesets, images and files, and may take `limitMs`.
 */
export async function readUsage(session: Session, limitMs: number): Promise<OmeroUsage> {
  await checkUsageRights(session);
  await session.rows(`SET LOCAL statement_timeout = ${limitMs}`);
  const filesets = await session.rows<OmeroFilesets>(
    `WITH ${fileSizes}, one AS (
       SELECT i.fileset, min(i.group_id) AS group_id, min(i.owner_id) AS owner_id, min(i.creation_id) AS creation_id, count(*) AS images, ${isArchived} AS archived
       FROM image i WHERE i.fileset IS NOT NULL GROUP BY i.fileset)
     SELECT one.group_id AS "groupId", one.owner_id AS "ownerId", extract(year FROM v.time)::int AS year, width_bucket(bytes, '{1073741824, 10737418240, 107374182400}'::bigint[]) AS "sizeClass",
       sum(images)::bigint AS images, count(*) AS filesets, sum(files)::bigint AS files, sum(bytes)::bigint AS bytes,
       count(*) FILTER (WHERE archived) AS "archivedFilesets", coalesce(sum(bytes) FILTER (WHERE archived), 0)::bigint AS "archivedBytes"
     FROM one JOIN sizes USING (fileset) JOIN event v ON v.id = one.creation_id GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
  );
  const projects = await session.rows<OmeroProject>(
    `WITH ${fileSizes}, one AS (
       SELECT pd.parent AS project, i.group_id, i.owner_id, i.fileset, ${isArchived} AS archived
       FROM projectdatasetlink pd JOIN datasetimagelink di ON di.parent = pd.child JOIN image i ON i.id = di.child
       WHERE i.fileset IS NOT NULL GROUP BY 1, 2, 3, 4)
     SELECT one.project AS "projectId", one.group_id AS "groupId", one.owner_id AS "ownerId", p.name, count(*) AS filesets, sum(bytes)::bigint AS bytes,
       coalesce(sum(bytes) FILTER (WHERE archived), 0)::bigint AS "archivedBytes"
     FROM one JOIN sizes USING (fileset) JOIN project p ON p.id = one.project GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3`,
  );
  return { filesets, projects };
}

/** SQL: files and bytes of each fileset. */
export const fileSizes = `sizes AS (
  SELECT e.fileset, count(*) AS files, coalesce(sum(o.size), 0)::bigint AS bytes
  FROM filesetentry e JOIN originalfile o ON o.id = e.originalfile GROUP BY e.fileset)`;
/** SQL: of some images `i`. */
export const isArchived = 'bool_or(coalesce(i.archived, false))';
