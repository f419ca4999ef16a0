import type pg from 'pg';
import { Refused } from '@coldroom/domain';
import { underClaim, type ImportClaim } from './import-claims';
import { keptOf } from './standing';

const batchRows = 1000;

/** A fileset of an order, with its files; the first one is what the importer is given. */
export interface GroupedFiles {
  /** From 1 on. */
  readonly number: number;
  /** Class of Bio-Formats that reads it. */
  readonly reader: string;
  /** Bytes below the source. */
  readonly paths: readonly Buffer[];
}

/** A file of ours below the source, such as a manifest, and the size up to which it is one. */
export interface ImportControlFile {
  readonly path: Buffer;
  readonly maxBytes: bigint;
}

export interface OrderedFileset {
  readonly number: number;
  readonly reader: string;
  readonly opened: Buffer;
  /** Of OMERO; null until an attempt made it. */
  readonly filesetId: bigint | null;
  readonly images: number | null;
}

/** The filesets of orders, as OMERO's importer groups their files. */
export class ImportFilesets {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Records some filesets, as OMERO's importer groups the files of a locked order; `first`: what was recorded before is
   * forgotten, digests too: the files are read again. `Refused` `IMPORT_LIST_UNCLEAR` for paths that the order does not have or that another fileset has;
   * `RangeError` for an order that has attempts: their filesets stay.
   */
  async add(claim: ImportClaim, filesets: readonly GroupedFiles[], first: boolean): Promise<void> {
    const { id } = claim.order;
    await underClaim(this.pool, claim, async (client) => {
      const { rowCount: tried } = await client.query('SELECT FROM import_attempt WHERE order_id = $1 LIMIT 1', [id]);
      if (tried !== 0) throw new RangeError(`import ${id} has attempts and cannot be listed again`);
      if (first) {
        await client.query(
          "UPDATE import_file SET fileset = NULL, control = false, digests = '{}' WHERE order_id = $1",
          [id],
        );
        await client.query('DELETE FROM import_fileset WHERE order_id = $1', [id]);
      }
      await client.query(
        'INSERT INTO import_fileset (order_id, number, reader, opened) SELECT $1, * FROM unnest($2::int[], $3::text[], $4::bytea[])',
        [id, filesets.map(({ number }) => number), filesets.map(({ reader }) => reader), filesets.map(openedOf)],
      );
      const members = filesets.flatMap(({ number, paths }) => paths.map((path) => ({ number, path })));
      const { rowCount } = await client.query(
        `UPDATE import_file f SET fileset = m.number FROM unnest($2::int[], $3::bytea[]) AS m(number, path)
         WHERE f.order_id = $1 AND sha256(f.path) = sha256(m.path) AND f.path = m.path AND f.fileset IS NULL`,
        [id, members.map(({ number }) => number), members.map(({ path }) => path)],
      );
      if (rowCount !== members.length)
        throw new Refused(
          'IMPORT_LIST_UNCLEAR',
          `OMERO's importer lists files that import ${id} does not have, or one file twice. Look for names with line breaks, rename them, and import again.`,
        );
    });
  }

  /** Records which of the files that no fileset has are no data. */
  async controls(claim: ImportClaim, files: readonly ImportControlFile[]): Promise<void> {
    await underClaim(this.pool, claim, async (client) => {
      await client.query(
        `UPDATE import_file f SET control = true FROM unnest($2::bytea[], $3::bigint[]) AS c(path, most)
         WHERE f.order_id = $1 AND f.path = c.path AND f.size <= c.most AND f.fileset IS NULL`,
        [claim.order.id, files.map(({ path }) => path), files.map(({ maxBytes }) => maxBytes)],
      );
    });
  }

  /** How many files no fileset has, and the first of them; control files do not count. */
  async leftOut(orderId: bigint, limit = 10): Promise<{ readonly count: number; readonly first: readonly string[] }> {
    const { rows } = await this.pool.query<{ count: number; first: string[] }>(
      `SELECT (SELECT count(*)::int FROM import_file WHERE order_id = $1 AND fileset IS NULL AND NOT control) AS count,
         ARRAY(SELECT display FROM import_file WHERE order_id = $1 AND fileset IS NULL AND NOT control ORDER BY id LIMIT $2) AS first`,
      [orderId, limit],
    );
    return rows[0] as { count: number; first: string[] };
  }

  /** Those that OMERO has of an order, whatever became of it; the first ones. */
  async kept(orderId: bigint): Promise<readonly bigint[]> {
    return keptOf(this.pool, orderId);
  }

  /** In the order of their numbers, after one of them. */
  async of(orderId: bigint, after = 0, limit = batchRows): Promise<readonly OrderedFileset[]> {
    const { rows } = await this.pool.query<OrderedFileset>(
      `SELECT number, reader, opened, fileset_id AS "filesetId", images FROM import_fileset
       WHERE order_id = $1 AND number > $2 ORDER BY number LIMIT $3`,
      [orderId, after, limit],
    );
    return rows;
  }
}

function openedOf({ number, paths: [opened] }: GroupedFiles): Buffer {
  if (!opened) throw new RangeError(`fileset ${number} has no files`);
  return opened;
}
