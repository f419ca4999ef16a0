import type pg from 'pg';
import type { Digests, Identity } from '@coldroom/domain';
import { formatIdentity, parseIdentity } from '../db/rows';
import { advance, type ImportStep } from './advance';
import type { ListedFileset } from './attempts';
import { underClaim, type ImportClaim } from './import-claims';

const batchRows = 1000;

/** A file that was found in the source of an order. */
export interface FoundFile {
  /** Bytes below the source. */
  readonly path: Buffer;
  readonly display: string;
  readonly identity: Identity;
}

export interface OrderedFile extends FoundFile {
  readonly id: bigint;
  readonly fileset: number | null;
  readonly size: bigint;
  readonly digests: Digests;
  readonly originalFileId: bigint | null;
}

/** The files of orders, and the filesets that they make. No list of all files of an order is held in memory. */
export class ImportFiles {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Records what is in the source of a settled order. If the same files were imported for this person from this place
   * before, the order is cancelled instead (`ALREADY_IMPORTED`), and the earlier one is the answer.
   */
  async settle(
    claim: ImportClaim,
    content: string,
    files: AsyncIterable<readonly FoundFile[]>,
  ): Promise<{ readonly earlier?: bigint }> {
    const earlier = await this.withContent(claim, content);
    if (earlier !== undefined) {
      const reason = `import ${earlier} has imported the same files`;
      await advance(this.pool, claim, { event: 'cancel', to: 'cancelled', code: 'ALREADY_IMPORTED', reason });
      return { earlier };
    }
    const step = { event: 'settle', to: 'settled', content } satisfies ImportStep;
    await underClaim(this.pool, claim, (client) =>
      client.query('DELETE FROM import_file WHERE order_id = $1', [claim.order.id]),
    );
    for await (const batch of files)
      await underClaim(this.pool, claim, (client) => insertFiles(client, claim.order.id, batch));
    await advance(this.pool, claim, step, async (client) => {
      await client.query(
        `UPDATE import_order SET (files, bytes) = (SELECT count(*), coalesce(sum(size), 0) FROM import_file WHERE order_id = $1) WHERE id = $1`,
        [claim.order.id],
      );
    });
    return {};
  }

  /**
   * Records how OMERO's importer groups the files; paths of filesets that the order does not have are an error. Digests of
   * an earlier round are forgotten: the files are read again.
   */
  async list(
    claim: ImportClaim,
    filesets: Iterable<ListedFileset & { readonly paths: readonly Buffer[] }>,
  ): Promise<void> {
    await advance(this.pool, claim, { event: 'list', to: 'listed' }, async (client) => {
      await client.query("UPDATE import_file SET fileset = NULL, digests = '{}' WHERE order_id = $1", [claim.order.id]);
      await client.query('DELETE FROM import_fileset WHERE order_id = $1', [claim.order.id]);
      for (const { number, reader, paths } of filesets) {
        await client.query('INSERT INTO import_fileset (order_id, number, reader) VALUES ($1, $2, $3)', [
          claim.order.id,
          number,
          reader,
        ]);
        const { rowCount } = await client.query(
          'UPDATE import_file SET fileset = $2 WHERE order_id = $1 AND path = ANY($3) AND fileset IS NULL',
          [claim.order.id, number, paths],
        );
        if (rowCount !== paths.length)
          throw new RangeError(
            `fileset ${number} of import ${claim.order.id} has files that the order does not have, or that another fileset has`,
          );
      }
    });
  }

  /** Records digests of files of the order, batch by batch; the order stays where it is. */
  async hashed(
    claim: ImportClaim,
    files: readonly { readonly id: bigint; readonly digests: Digests }[],
  ): Promise<void> {
    await underClaim(this.pool, claim, async (client) => {
      await client.query(
        `UPDATE import_file f SET digests = h.digests FROM unnest($2::bigint[], $3::jsonb[]) AS h(id, digests)
         WHERE f.id = h.id AND f.order_id = $1`,
        [claim.order.id, files.map(({ id }) => id), files.map(({ digests }) => JSON.stringify(digests))],
      );
    });
  }

  /** In the order of their numbers, after one of them. */
  async of(orderId: bigint, after = 0n, limit = batchRows): Promise<readonly OrderedFile[]> {
    const { rows } = await this.pool.query<Omit<OrderedFile, 'identity'> & { identity: string }>(
      `SELECT id, fileset, path, display, size, identity, digests, original_file_id AS "originalFileId"
       FROM import_file WHERE order_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [orderId, after, limit],
    );
    return rows.map(({ identity, ...file }) => ({ ...file, identity: parseIdentity(identity) }));
  }

  private async withContent({ order }: ImportClaim, content: string): Promise<bigint | undefined> {
    const { rows } = await this.pool.query<{ id: bigint }>(
      `SELECT id FROM import_order WHERE person_id = $1 AND source = $2 AND content = $3 AND state <> 'cancelled' AND id <> $4`,
      [order.personId, order.source, content, order.id],
    );
    return rows[0]?.id;
  }
}

async function insertFiles(client: pg.PoolClient, orderId: bigint, files: readonly FoundFile[]): Promise<void> {
  await client.query(
    `INSERT INTO import_file (order_id, path, display, size, identity)
     SELECT $1, * FROM unnest($2::bytea[], $3::text[], $4::bigint[], $5::text[])`,
    [
      orderId,
      files.map(({ path }) => path),
      files.map(({ display }) => display),
      files.map(({ identity }) => identity.size),
      files.map(({ identity }) => formatIdentity(identity)),
    ],
  );
}
