import type pg from 'pg';
import { codeOf, type FilesetMade, type ProjectTarget, Refused } from '@coldroom/domain';
import { inTransaction, openPool, type ConnectionOptions } from './connection';
import type { Session } from './session';

const grantsFile = 'docs/omero-import-grants.sql';
/** Of PostgreSQL: the schema of our function does not exist. */
const noSuchSchema = '3F000';

const fileRows = `
  SELECT e.fileset AS "filesetId", e.clientpath AS "clientPath", o.id AS "originalFileId",
  convert_to(o.path || o.name, 'UTF8') AS path, o.size, o.hash, a.value AS algorithm,
  (SELECT count(*)::int FROM image i WHERE i.fileset = e.fileset) AS images
  FROM filesetentry e JOIN originalfile o ON o.id = e.originalfile AND o.repo IS NOT NULL
  LEFT JOIN checksumalgorithm a ON a.id = o.hasher`;

/** A file of a fileset, as OMERO records it. */
export interface FileMade {
  readonly filesetId: bigint;
  readonly clientPath: string;
  readonly originalFileId: bigint;
  /** Bytes below the managed repository. */
  readonly path: Buffer;
  readonly size: bigint;
  /** As OMERO computed it at the import; null if it did not. */
  readonly hash: string | null;
  readonly algorithm: string | null;
  /** Of its fileset. */
  readonly images: number;
}

/**
 * What imports made, from OMERO's database. Its role has the rights of docs/omero-import-grants.sql and cannot read keys
 * of sessions. Methods throw as those of `OmeroDatabase` do; `Refused` `OMERO_IMPORT_RIGHTS_MISSING` where that file was
 * not run.
 */
export class ImportDatabase {
  private constructor(private readonly pool: pg.Pool) {}

  /** Does not open a connection yet. */
  static connect(url: string, options: ConnectionOptions = {}): ImportDatabase {
    return new ImportDatabase(openPool(url, options));
  }

  /** `session.id` of the session with this key, open or closed; undefined for an unknown key. */
  async sessionNumber(key: string): Promise<bigint | undefined> {
    const [row] = await this.read((session) =>
      session.rows<{ id: bigint | null }>('SELECT coldroom_import.session_number($1) AS id', [key]),
    );
    return row?.id ?? undefined;
  }

  /**
   * All filesets of this owner that these sessions made, by id, with and without images: input of `judgeAttempt`. An
   * event names the session that caused it (`event.session`), and a fileset the event that made it. While the server may
   * still work for a session, the answer may change.
   */
  async madeBy(sessionIds: readonly bigint[], ownerId: bigint): Promise<readonly FilesetMade[]> {
    const rows = await this.read((session) =>
      session.rows<{ id: bigint; groupId: bigint; paths: string[]; images: bigint }>(
        `SELECT f.id, f.group_id AS "groupId", ARRAY(SELECT e.clientpath FROM filesetentry e WHERE e.fileset = f.id ORDER BY e.fileset_index) AS paths,
           (SELECT count(*) FROM image i WHERE i.fileset = f.id) AS images
         FROM event v JOIN fileset f ON f.creation_id = v.id WHERE v.session = ANY($1::bigint[]) AND f.owner_id = $2 ORDER BY f.id`,
        [sessionIds.map(String), ownerId],
      ),
    );
    return rows.map(({ id, groupId, paths, images }) => ({
      filesetId: id,
      groupId,
      clientPaths: paths,
      images: Number(images),
    }));
  }

  /** Whether a session has ended, by OMERO's own record; also true for one that OMERO has removed. */
  async hasEnded(sessionId: bigint): Promise<boolean> {
    const [row] = await this.read((session) =>
      session.rows<{ open: boolean }>('SELECT true AS open FROM session WHERE id = $1 AND closed IS NULL', [sessionId]),
    );
    return row === undefined;
  }

  /** The files of these filesets, and how many images each fileset has. */
  async filesOf(filesetIds: readonly bigint[]): Promise<readonly FileMade[]> {
    return this.read((session) =>
      session.rows<FileMade>(`${fileRows} WHERE e.fileset = ANY($1::bigint[]) ORDER BY e.fileset, e.fileset_index`, [
        filesetIds.map(String),
      ]),
    );
  }

  /** The same of these files; those that OMERO has no longer, or that no fileset has, are left out. */
  async filesByIds(originalFileIds: readonly bigint[]): Promise<readonly FileMade[]> {
    return this.read((session) =>
      session.rows<FileMade>(`${fileRows} WHERE o.id = ANY($1::bigint[])`, [originalFileIds.map(String)]),
    );
  }

  /** The same of one file; undefined if OMERO has no such file, or no fileset has it. */
  async fileOf(originalFileId: bigint): Promise<FileMade | undefined> {
    const [row] = await this.read((session) => session.rows<FileMade>(`${fileRows} WHERE o.id = $1`, [originalFileId]));
    return row;
  }

  /** The datasets of this name in the project, as far as they are in this group. */
  async datasetsIn(
    { project, dataset }: ProjectTarget,
    groupId: bigint,
  ): Promise<readonly { readonly id: bigint; readonly ownerId: bigint }[]> {
    const [id, name] = typeof project === 'bigint' ? [project, null] : [null, project];
    return this.read((session) =>
      session.rows(
        `SELECT DISTINCT d.id, d.owner_id AS "ownerId" FROM project p JOIN projectdatasetlink l ON l.parent = p.id JOIN dataset d ON d.id = l.child
         WHERE d.name = $1 AND d.group_id = $2 AND (p.id = $3 OR p.name = $4) ORDER BY d.id LIMIT 20`,
        [dataset, groupId, id, name],
      ),
    );
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await inTransaction(this.pool, 'read', work);
    } catch (error) {
      if (!['OMERO_RIGHTS_MISSING', 'OMERO_SCHEMA_UNKNOWN', noSuchSchema].includes(codeOf(error))) throw error;
      throw new Refused(
        'OMERO_IMPORT_RIGHTS_MISSING',
        `The importer's role lacks a right on OMERO's database. Run ${grantsFile} there.`,
        {},
        { cause: error },
      );
    }
  }
}
