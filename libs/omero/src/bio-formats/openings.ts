import type { Session } from '../session';

/** How OMERO opens the images of a fileset. */
export interface FilesetOpening {
  readonly filesetId: bigint;
  /** Files of the fileset; directories do not count. */
  readonly files: number;
  /** Those of them that are named `*.companion.ome`. */
  readonly companions: number;
  /** Names of the files that OMERO opens with Bio-Formats, each once; empty if OMERO does not record it. */
  readonly openedBy: readonly string[];
  /** Formats that OMERO recorded at the import (`OMETiff`), each once. */
  readonly formats: readonly string[];
}

export interface ComponentOpening extends FilesetOpening {
  readonly component: string;
}

/** Columns of a `FilesetOpening`, for a query that has a fileset's id in `fileset`. */
const opening = (fileset: string): string => `
  (SELECT count(*)::integer AS files, (count(*) FILTER (WHERE lower(o.name) LIKE '%.companion.ome'))::integer AS companions
     FROM filesetentry e JOIN originalfile o ON o.id = e.originalfile
    WHERE e.fileset = ${fileset} AND coalesce(o.mimetype, '') NOT IN ('Directory', 'Repository')) AS entries
  CROSS JOIN LATERAL
  (SELECT coalesce(array_agg(DISTINCT coalesce(p.name, '')) FILTER (WHERE p.id IS NOT NULL), '{}') AS "openedBy",
          coalesce(array_agg(DISTINCT f.value::text) FILTER (WHERE f.id IS NOT NULL), '{}') AS formats
     FROM image i LEFT JOIN pixels p ON p.image = i.id LEFT JOIN format f ON f.id = i.format
    WHERE i.fileset = ${fileset}) AS images`;

/** The filesets of the closure, sorted by component like its other readers. */
export const openingRows = `
  SELECT c.name AS component, u.unit AS "filesetId", entries.*, images.*
    FROM coldroom_unit u JOIN coldroom_component c ON c.label = u.label CROSS JOIN LATERAL ${opening('u.unit')}
   WHERE u.unit > 0 ORDER BY c.label, u.unit`;

/** The filesets that these original files belong to, by file. */
export async function readOpenings(
  session: Session,
  originalFileIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, readonly FilesetOpening[]>> {
  const rows = await session.rows<FilesetOpening & { originals: bigint[] }>(
    `SELECT held.originals, held.fileset AS "filesetId", entries.*, images.*
       FROM (SELECT fileset, array_agg(DISTINCT originalfile) AS originals FROM filesetentry
              WHERE originalfile = ANY ($1) GROUP BY fileset) AS held
      CROSS JOIN LATERAL ${opening('held.fileset')}`,
    [originalFileIds],
  );
  const byFile = new Map<bigint, FilesetOpening[]>();
  for (const { originals, ...of } of rows) for (const id of originals) byFile.set(id, [...(byFile.get(id) ?? []), of]);
  return byFile;
}
