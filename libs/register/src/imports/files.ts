import type pg from 'pg';
import type { Digests, Identity } from '@coldroom/domain';
import { formatIdentity, parseIdentity } from '../db/rows';
import { advance, type ImportStep } from './advance';
import { underClaim, type ImportClaim } from './import-claims';
import { standFor, standingFor, type Standing } from './standing';

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
  /** It orders the set and is no data: a manifest, an empty marker. No fileset has it. */
  readonly control: boolean;
  readonly size: bigint;
  readonly digests: Digests;
  readonly originalFileId: bigint | null;
  readonly provenAt: Date | null;
  /** When its source was removed by us. */
  readonly removedAt: Date | null;
}

/** The files of orders, and the filesets that they make. No list of all files of an order is held in memory. */
export class ImportFiles {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Records what is in the source of a settled order. If the same files were imported for this person from this place
   * before, or OMERO has kept some of them, the order is cancelled instead (`ALREADY_IMPORTED`), and the earlier one is the
   * answer; with the option `again`, the earlier one no longer stands for this content.
   */
  async settle(
    claim: ImportClaim,
    content: string,
    files: AsyncIterable<readonly FoundFile[]>,
  ): Promise<{ readonly earlier?: bigint }> {
    const earlier = await standingFor(this.pool, claim, content);
    if (earlier && claim.order.options.again !== true) {
      const reason = alreadyImported(earlier);
      await advance(this.pool, claim, { event: 'cancel', to: 'cancelled', code: 'ALREADY_IMPORTED', reason });
      return { earlier: earlier.id };
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
      await standFor(client, claim, content);
    });
    return {};
  }

  /** Files of these filesets of an order, by the number of the fileset. */
  async ofFilesets(orderId: bigint, numbers: readonly number[]): Promise<readonly OrderedFile[]> {
    return this.select('order_id = $1 AND fileset = ANY($2::int[]) ORDER BY fileset, id', [orderId, numbers]);
  }

  /** Records that OMERO has these files, with the content of the source. */
  async proven(
    claim: ImportClaim,
    files: readonly { readonly id: bigint; readonly originalFileId: bigint }[],
  ): Promise<void> {
    if (files.length === 0) return;
    await underClaim(this.pool, claim, async (client) => {
      await client.query(
        `UPDATE import_file f SET original_file_id = p.original, proven_at = now()
         FROM unnest($2::bigint[], $3::bigint[]) AS p(id, original) WHERE f.id = p.id AND f.order_id = $1`,
        [claim.order.id, files.map(({ id }) => id), files.map(({ originalFileId }) => originalFileId)],
      );
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
    return this.select('order_id = $1 AND id > $2 ORDER BY id LIMIT $3', [orderId, after, limit]);
  }

  /** Of these paths, those that no fileset has and that were not removed. */
  async leftOutAt(orderId: bigint, paths: readonly Buffer[]): Promise<readonly OrderedFile[]> {
    return this.select(
      'order_id = $1 AND path = ANY ($2::bytea[]) AND fileset IS NULL AND removed_at IS NULL ORDER BY id',
      [orderId, paths],
    );
  }

  /** Files that order the set, and were not removed. */
  async controls(orderId: bigint): Promise<readonly OrderedFile[]> {
    return this.select('order_id = $1 AND fileset IS NULL AND control AND removed_at IS NULL ORDER BY id', [orderId]);
  }

  private async select(where: string, values: readonly unknown[]): Promise<readonly OrderedFile[]> {
    const { rows } = await this.pool.query<Omit<OrderedFile, 'identity'> & { identity: string }>(
      `SELECT id, fileset, control, path, display, size, identity, digests, original_file_id AS "originalFileId", proven_at AS "provenAt", removed_at AS "removedAt"
       FROM import_file WHERE ${where}`,
      [...values],
    );
    return rows.map(({ identity, ...file }) => ({ ...file, identity: parseIdentity(identity) }));
  }
}

function alreadyImported({ id, state, kept }: Standing): string {
  if (state !== 'cancelled')
    return `import ${id} has imported the same files; if its images were deleted in OMERO, order it with --again`;
  const filesets = kept.map((fileset) => `Fileset:${fileset}`).join(', ');
  return `import ${id} of the same files was cancelled, and OMERO has ${filesets} of it; delete them there, then order it with --again`;
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
