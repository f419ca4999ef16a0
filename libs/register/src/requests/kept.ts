import type pg from 'pg';
import { Refused } from '@coldroom/domain';

/** An image that someone keeps out of archiving. */
export interface KeptImage {
  readonly imageId: bigint;
  /** The login of who set the mark. */
  readonly by: string;
  readonly reason: string;
  /** Who may end it, as the mark says. */
  readonly liftedBy: string;
}

export interface KeptListing extends KeptImage {
  readonly since: Date;
}

const columns = `image_id AS "imageId", kept_by AS by, reason, lifted_by AS "liftedBy"`;

/** What is kept out of archiving, as the scanner last read it in OMERO. */
export class Kept {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * A round records all marks that OMERO has, and ends. What it has not seen is no longer kept; a round that does not come
   * to its end changes nothing of that.
   */
  async beginRound(): Promise<bigint> {
    const { rows } = await this.pool.query<{ round: bigint }>(`SELECT nextval('kept_round') AS round`);
    return (rows[0] as { round: bigint }).round;
  }

  async seen(round: bigint, images: readonly KeptImage[]): Promise<void> {
    await this.pool.query(
      `INSERT INTO kept_image (image_id, kept_by, reason, lifted_by, round)
       SELECT DISTINCT ON (k.image_id) k.*, $1 FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) AS k(image_id, kept_by, reason, lifted_by)
       ON CONFLICT (image_id) DO UPDATE SET kept_by = excluded.kept_by, reason = excluded.reason, lifted_by = excluded.lifted_by, round = excluded.round,
         kept_since = CASE WHEN kept_image.lifted_at IS NULL THEN kept_image.kept_since ELSE now() END, lifted_at = NULL`,
      [
        round,
        images.map(({ imageId }) => imageId),
        images.map(({ by }) => by),
        images.map(({ reason }) => reason),
        images.map(({ liftedBy }) => liftedBy),
      ],
    );
  }

  /** Returns how many images are no longer kept. */
  async endRound(round: bigint): Promise<number> {
    const { rowCount } = await this.pool.query(
      'UPDATE kept_image SET lifted_at = now() WHERE lifted_at IS NULL AND round <> $1',
      [round],
    );
    return rowCount ?? 0;
  }

  /** Those of these images that are kept. */
  async among(imageIds: readonly bigint[]): Promise<ReadonlyMap<bigint, KeptImage>> {
    const { rows } = await this.pool.query<KeptImage>(
      `SELECT ${columns} FROM kept_image WHERE image_id = ANY($1) AND lifted_at IS NULL`,
      [imageIds],
    );
    return new Map(rows.map((row) => [row.imageId, row]));
  }

  /** By image id. */
  async list(limit: number, after: bigint = -1n): Promise<readonly KeptListing[]> {
    const { rows } = await this.pool.query<KeptListing>(
      `SELECT ${columns}, kept_since AS since FROM kept_image WHERE lifted_at IS NULL AND image_id > $1 ORDER BY image_id LIMIT $2`,
      [after, limit],
    );
    return rows;
  }

  /** The kept images of a request. */
  async ofRequest(requestId: bigint, limit: number): Promise<readonly KeptListing[]> {
    return keptOf(this.pool, requestId, limit);
  }
}

/** `Refused` `IMAGES_KEPT` if a request includes images that are kept out of archiving. */
export async function refuseKept(client: pg.ClientBase, requestId: bigint): Promise<void> {
  const [first, ...more] = await keptOf(client, requestId, 100);
  if (!first) return;
  const others = more.length === 0 ? '' : ` and ${more.length === 99 ? 'at least ' : ''}${more.length} more`;
  throw new Refused(
    'IMAGES_KEPT',
    `Request ${requestId} includes images that are kept out of archiving: ${describeKept(first)}${others}. Decide on its other filesets, or have the Keep mark removed in OMERO, scan, and approve then`,
  );
}

export function describeKept({ imageId, by, reason }: KeptImage): string {
  return `Image:${imageId} (kept by ${by}${reason === '' ? '' : `: ${reason}`})`;
}

async function keptOf(
  client: pg.Pool | pg.ClientBase,
  requestId: bigint,
  limit: number,
): Promise<readonly KeptListing[]> {
  const { rows } = await client.query<KeptListing>(
    `SELECT ${columns}, kept_since AS since FROM kept_image WHERE lifted_at IS NULL
       AND image_id IN (SELECT image_id FROM request_image WHERE request_id = $1) ORDER BY image_id LIMIT $2`,
    [requestId, limit],
  );
  return rows;
}
